import { describe, expect, test } from 'vitest'
import { canary, expectNoCanary } from '../support/canary.ts'
import { LONG } from './documented.ts'
import { folderWith, load, loadText, problemsOf, refusal, withSecrets } from './files.ts'

/** The only problem of a file: its place and message, then its hint. */
const problem = (text: string | Uint8Array): readonly (string | undefined)[] => {
  const found = problemsOf(text)
  expect(found).toHaveLength(1)
  return (found[0] ?? '').split('\n  hint: ')
}

describe('a file that is no inventory', () => {
  test.each<[string, string | Uint8Array, string, string]>([
    ['empty', '', '1:1: the file is empty', 'make one with "secrets init .env"'],
    ['only comments', '# nothing\n\n', '1:1: the file is empty', 'make one with "secrets init .env"'],
    ['only a document start', '---\n', '1:1: the file is empty', 'make one with "secrets init .env"'],
    [
      'a text',
      'hello\n',
      '1:1: this is no inventory: it should begin with keys such as "id:" and "secrets:"',
      'is it the right file? "secrets init .env" makes one',
    ],
    [
      'a list',
      '- a\n- b\n',
      '1:1: this is no inventory: it should begin with keys such as "id:" and "secrets:"',
      'is it the right file? "secrets init .env" makes one',
    ],
    ['binary', Uint8Array.from([0x69, 0x64, 0x0a, 0x00, 0x01]), '2:1: the file is binary, not text', 'is it the right file?'],
    ['UTF-16', Uint8Array.from([0xff, 0xfe, 0x69, 0x00]), '1:1: the file is UTF-16', 'save it as UTF-8'],
    ['Latin-1', Buffer.from('id: kt_8f3k2m9q\nproject: caf\xe9\n', 'latin1'), '2:1: the file is not UTF-8 here', 'save it as UTF-8'],
    [
      'too large',
      Buffer.alloc(4 * 1024 * 1024 + 1, 0x23),
      '1:1: the file has 4194305 bytes; an inventory may have 4194304 (4 MB)',
      'is it the right file? "extends:" and several inventories can share the rest',
    ],
  ])('%s', (_, text, message, hint) => {
    expect(problem(text)).toEqual([`secrets.yaml:${message}`, hint])
  })
})

describe('YAML that is half written', () => {
  test.each([
    ['a key without a colon', 'id: kt_8f3k2m9q\nsecrets:\n  openai: A\n  jwt\n', '4:3: a key without ":" behind it'],
    ['a quote that is never closed', 'id: "kt_8f3k2m9q\nsecrets: {}\n', '1:5: a quote is opened and never closed'],
    ['a bracket that is never closed', 'id: kt_8f3k2m9q\noutputs: [.env\n', '2:10: a bracket is opened and never closed'],
    ['a brace that is never closed', 'id: kt_8f3k2m9q\nsecrets:\n  a: { env: A\n  b: B\n', '3:6: a bracket is opened and never closed'],
    ['a tab', 'id: kt_8f3k2m9q\nsecrets:\n\topenai: A\n', '3:1: a tab stands where spaces must be'],
    ['wrong indentation', 'id: kt_8f3k2m9q\nsecrets:\n    a: A\n  b: B\n', '4:1: the indentation does not fit'],
    ['two values in a line', 'id: kt_8f3k2m9q\nsecrets: a: A\n', '2:10: two values in one line'],
    ['a second document', 'id: kt_8f3k2m9q\n---\nid: kt_8f3k2m9q\n', '2:1: a second document begins here ("---")'],
    ['an alias to nothing', 'id: kt_8f3k2m9q\nsecrets: *all\n', '2:10: "*all" refers to nothing above it'],
    ['an alias to itself', 'id: kt_8f3k2m9q\nsecrets: &a\n  x: *a\n', '3:6: "*a" refers to what it stands in'],
    ['a tag', 'id: !vault kt_8f3k2m9q\n', '1:5: tags ("!name") are not used here'],
    ['YAML 1.1', '%YAML 1.1\n---\nid: kt_8f3k2m9q\n', '1:1: YAML 1.1 is not read here'],
    ['a value that begins with @', 'id: kt_8f3k2m9q\nproject: @me\n', '2:10: a value cannot begin with this character'],
    ['a backslash that means nothing', 'id: kt_8f3k2m9q\nproject: "a\\q"\n', '2:12: this backslash sequence is not known'],
    ['a missing comma', 'id: kt_8f3k2m9q\noutputs: ["a" "b"]\n', '2:15: a comma is missing between two entries'],
    ['a key that is a list', 'id: kt_8f3k2m9q\n[a]: b\n', '2:1: a key must be plain text'],
  ])('%s', (_, text, expected) => {
    expect(problemsOf(text)[0]?.split('\n')[0]).toBe(`secrets.yaml:${expected}`)
  })

  test('nested without end is one problem and no crash', () => {
    expect(problem('['.repeat(20_000))[0]).toMatch(/^secrets\.yaml:1:\d+: the file is nested too deeply$/)
    expect(problem(`id: kt_8f3k2m9q\nstores: { a: { kind: vault, x: ${'['.repeat(100)}${']'.repeat(100)} } }\n`)[0]).toMatch(/nested too deeply$/)
  })

  test('aliases that multiply are one problem and no crash', () => {
    const bomb = Array.from({ length: 12 }, (_, i) => `a${i}: &a${i} [${Array.from({ length: 9 }, () => (i === 0 ? 'x' : `*a${i - 1}`)).join(', ')}]`)
    expect(problemsOf(`id: kt_8f3k2m9q\n${bomb.join('\n')}\n`).join('\n')).toMatch(/aliases \("\*name"\) repeat too much of the file/)
  })

  test('every cut of a good file is either loaded or a clear error', () => {
    const good = 'id: kt_8f3k2m9q\nsecrets:\n  ari:\n    env: { ARI_USER: "username", ARI_PASS: password }\n    rotator: asterisk-ari\noutputs: [.env, "b"]\n'
    for (let length = 0; length < good.length; length++) {
      const folder = folderWith({ 'secrets.yaml': good.slice(0, length) })
      try {
        load(folder)
      } catch (error) {
        expect(error).toMatchObject({ code: 'CONFIG_INVALID' })
      }
    }
  })
})

describe('a key or value that is not allowed', () => {
  test.each<[string, string, string, string]>([
    [
      'no id',
      'secrets: { a: A }\n',
      '1:1: "id" is missing',
      'put back the line "id: kt_..." from your version control; a new project gets one from "secrets init"',
    ],
    ['another id', 'id: KT-1\n', '1:5: id: is no id of an inventory', 'it is kt_ and at least six of a-z and 0-9, as "secrets init" wrote it'],
    ['an unknown key', 'id: kt_8f3k2m9q\nsecret: {}\n', '2:1: unknown key "secret"', 'did you mean "secrets"?'],
    [
      'an unknown key of a secret',
      withSecrets('  jwt:\n    env: JWT\n    rotater: random'),
      '5:5: secrets.jwt: unknown key "rotater"',
      'did you mean "rotator"?',
    ],
    [
      'an unknown key of an output',
      'id: kt_8f3k2m9q\noutputs:\n  - file: .env\n    mode: "0600"\n',
      '4:5: outputs[0]: unknown key "mode"',
      'known here: file, dialect, perm, host, only, vars, consumers, unproven',
    ],
    ['an unknown key of the policy', 'id: kt_8f3k2m9q\npolicy:\n  maxage: 90d\n', '3:3: policy: unknown key "maxage"', 'did you mean "max_age"?'],
    ['the same key twice', 'id: kt_8f3k2m9q\nsecrets:\n  a: A\n  a: B\n', '4:3: "a" is there already, in line 3', 'keep one of the two'],
    [
      'a duration in words',
      'id: kt_8f3k2m9q\npolicy: { max_age: 90 days }\n',
      '2:20: policy.max_age: is no duration',
      'write a whole number and s, m, h or d: 30m, 12h, 90d',
    ],
    [
      'a duration without a unit',
      'id: kt_8f3k2m9q\npolicy: { max_age: 90 }\n',
      '2:20: policy.max_age: expected text, but this is a number',
      'put it in quotes',
    ],
    ['a duration of centuries', 'id: kt_8f3k2m9q\npolicy: { retain: 99999d }\n', '2:19: policy.retain: is more than ten years', 'write a shorter time'],
    [
      'a number in quotes',
      'id: kt_8f3k2m9q\npolicy: { min_length: "16" }\n',
      '2:23: policy.min_length: expected a number, but this is text',
      'take the quotes away',
    ],
    [
      'an octal without quotes',
      'id: kt_8f3k2m9q\noutputs:\n  - { file: .env, perm: 0600 }\n',
      '3:25: outputs[0].perm: without quotes YAML reads this as the number 600',
      'write it in quotes: "0600"',
    ],
    [
      'an open octal without quotes',
      'id: kt_8f3k2m9q\noutputs:\n  - { file: .env, perm: 0777 }\n',
      '3:25: outputs[0].perm: without quotes YAML reads this as the number 777',
      'write it in quotes: "0600"',
    ],
    [
      'an octal of the new kind',
      'id: kt_8f3k2m9q\noutputs:\n  - { file: .env, perm: 0o640 }\n',
      '3:25: outputs[0].perm: without quotes YAML reads this as the number 416',
      'write it in quotes: "0640"',
    ],
    [
      'a mode for everyone',
      'id: kt_8f3k2m9q\noutputs:\n  - { file: .env, perm: "0644" }\n',
      '3:25: outputs[0].perm: every user of the machine could read or change this file',
      'use "0600", or "0640" with a group that may read it',
    ],
    ['outputs that are no list', 'id: kt_8f3k2m9q\noutputs: .env\n', '2:10: outputs: expected a list, but this is text', 'write it in brackets: [ ... ]'],
    [
      'secrets that are a list',
      'id: kt_8f3k2m9q\nsecrets: [OPENAI_API_KEY]\n',
      '2:10: secrets: expected a map, but this is a list',
      'give each a name: "openai: OPENAI_API_KEY"',
    ],
    [
      'nothing behind a secret',
      withSecrets('  openai:'),
      '3:10: secrets.openai: expected text or a map, but this is empty',
      'write the variable that holds it, or {} for a secret that only Keyturn uses',
    ],
    ['a name in capitals', withSecrets('  OpenAI: OPENAI_API_KEY'), '3:3: secrets: "OpenAI" is no name of a secret', 'write openai'],
    [
      'a variable that is none',
      withSecrets('  openai: OPENAI-KEY'),
      '3:11: secrets.openai: is no name of a variable',
      'use letters, digits and "_", not beginning with a digit; values never stand in this file',
    ],
    [
      'a dialect that is none',
      'id: kt_8f3k2m9q\noutputs:\n  - { file: .env, dialect: dockr }\n',
      '3:28: outputs[0].dialect: is none of compose, docker, dotenv, node, python, shell, systemd, json, files',
      'did you mean "docker"?',
    ],
    [
      'a date that is none',
      withSecrets('  a: { env: A, accept: [ { rule: max-age, until: 2027-02-30, reason: r, by: me } ] }'),
      '3:50: secrets.a.accept[0].until: is no date',
      'write 2027-01-31',
    ],
    [
      'a path that climbs',
      withSecrets('  a: { env: A, path: ../b }'),
      '3:22: secrets.a.path: is no path in a store',
      'use names parted by "/", without "..", such as voice-agent/keys',
    ],
    ['a missing kind', withSecrets('  a: { env: A, rotator: { length: 20 } }'), '3:16: secrets.a.rotator: "kind" is missing', 'kind: The rotator.'],
    [
      'a time that is a number',
      'id: kt_8f3k2m9q\nschedule: { window: { from: 2, to: "05:00" } }\n',
      '2:29: schedule.window.from: expected text, but this is a number',
      'put it in quotes',
    ],
    [
      'a recipient that is none',
      'id: kt_8f3k2m9q\nrecipients: [age1xyz]\n',
      '2:14: recipients[0]: is no age recipient',
      'it begins with age1 and is public; a line with AGE-SECRET-KEY-1 must never stand here',
    ],
    ['a name of JavaScript', 'id: kt_8f3k2m9q\n__proto__: {}\n', '2:1: a key of this name is not possible', 'choose another name'],
  ])('%s', (_, text, message, hint) => {
    expect(problem(text)).toEqual([`secrets.yaml:${message}`, hint])
  })
})

describe('a combination that cannot work', () => {
  test.each<[string, string, string, string]>([
    [
      'a rotator that is not here',
      withSecrets('  a: { env: A, rotator: randon }'),
      '3:25: secrets.a.rotator: this Keyturn has no rotator "randon"',
      'did you mean "random"?',
    ],
    [
      'a rotator of a later version',
      withSecrets('  a: { env: A, rotator: { kind: deepgram } }'),
      '3:33: secrets.a.rotator: this Keyturn has no rotator "deepgram"',
      'there are random, manual, none, command, asterisk-ari, openai, openai-admin, postgres',
    ],
    [
      'a parameter that is none',
      withSecrets('  a: { env: A, rotator: { kind: random, lenght: 20 } }'),
      '3:41: secrets.a.rotator: unknown key "lenght"',
      'did you mean "length"?',
    ],
    [
      'a parameter that only a lax schema would pass',
      withSecrets('  a: { env: A, rotator: { kind: command, run: [x], timeot: 1s } }'),
      '3:52: secrets.a.rotator: unknown key "timeot"',
      'known here: run, kind, admin',
    ],
    [
      'a parameter of a wrong type',
      withSecrets('  a:\n    env: A\n    rotator:\n      kind: random\n      length: "20"'),
      '7:15: secrets.a.rotator.length: expected a number, but this is text',
      'take the quotes away',
    ],
    ['a parameter that is missing', withSecrets('  a: { env: A, rotator: openai }'), '3:16: secrets.a.rotator: "project" is missing', ''],
    [
      'rotator none without a reason',
      withSecrets('  a: { env: A, rotator: none }'),
      '3:25: secrets.a: rotator none needs a reason',
      'add why it is never rotated: reason: "encrypts stored data"',
    ],
    [
      'an admin that is not declared',
      withSecrets('  a: { env: A, rotator: { kind: random, admin: bdmin } }\n  admin: {}'),
      '3:48: secrets.a.rotator.admin: there is no secret "bdmin"',
      'did you mean "admin"?',
    ],
    [
      'its own admin',
      withSecrets('  a: { env: A, rotator: { kind: random, admin: a } }'),
      '3:48: secrets.a.rotator.admin: a secret cannot be its own admin',
      'name the secret that holds the admin credential',
    ],
    [
      'a store that is not declared',
      withSecrets('  a: { env: A, store: vault }'),
      '3:23: secrets.a.store: there is no store "vault"',
      'declare it under "stores:"; there is main',
    ],
    [
      'a kind of store that is not here',
      'id: kt_8f3k2m9q\nstores: { v: { kind: gcp } }\n',
      '2:22: stores.v: this Keyturn has no store "gcp"',
      'there are local, vault, aws',
    ],
    [
      'a local store with parameters',
      'id: kt_8f3k2m9q\nstores: { main: { kind: local, dir: /x } }\n',
      '2:32: stores.main: unknown key "dir"',
      'a local store has only its kind',
    ],
    [
      'a consumer that is not here',
      'id: kt_8f3k2m9q\noutputs:\n  - { file: .env, consumers: [ { kind: systemd } ] }\n',
      '3:40: outputs[0].consumers[0]: this Keyturn has no consumer "systemd"',
      'there are compose, exec, http',
    ],
    [
      'a bearer that is not declared',
      'id: kt_8f3k2m9q\nsecrets: { health: {} }\noutputs:\n  - { file: .env, consumers: [ { kind: http, url: u, bearer: helth } ] }\n',
      '4:62: outputs[0].consumers[0].bearer: there is no secret "helth"',
      'did you mean "health"?',
    ],
    [
      'two consumers of one name',
      'id: kt_8f3k2m9q\noutputs:\n  - file: .env\n    consumers:\n      - { kind: exec, run: [a], name: x }\n      - { kind: exec, run: [b], name: x }\n',
      '6:39: outputs[0]: two consumers are named x',
      'give one of them another name',
    ],
    [
      'a variable of two secrets',
      withSecrets('  a: SAME\n  b: { env: { SAME: value } }'),
      '4:15: secrets.b: the variable SAME belongs to a already (line 3)',
      'one variable holds one secret: take it away from one of the two',
    ],
    [
      'a variable that is also a name',
      withSecrets('  a: token\n  token: OTHER'),
      '3:6: secrets.a: the variable token is also the name of another secret',
      'rename that secret: commands take either name',
    ],
    [
      'one field at one path twice',
      withSecrets('  a: { env: A, path: shared/keys }\n  b: { env: B, path: shared/keys }'),
      '4:22: secrets.b: the field value at shared/keys belongs to a already',
      'give it a field of its own with "field:", or another path',
    ],
    [
      'a path that is the default of another',
      withSecrets('  a: A\n  b: { env: B, path: voice-agent/production/a }').replace('secrets:', 'project: voice-agent\nsecrets:'),
      '5:22: secrets.b: the field value at voice-agent/production/a belongs to a already',
      'give it a field of its own with "field:", or another path',
    ],
    [
      'a former name that is in use',
      withSecrets('  a: A\n  b: { env: B, renamed_from: a }'),
      '4:30: secrets.b.renamed_from: a is declared as a secret of its own, so the two would share one history',
      'a name that was once used belongs to its history for ever: choose another name for the new secret',
    ],
    [
      'a former name of two',
      withSecrets('  a: { env: A, renamed_from: x }\n  b: { env: B, renamed_from: x }'),
      '4:30: secrets.b.renamed_from: a was renamed from x too',
      'a name that was once used belongs to its history for ever: choose another name for the new secret',
    ],
    [
      'a field for several variables',
      withSecrets('  a: { env: { A: one, B: two }, field: x }'),
      '3:40: secrets.a.field: is for a single variable; here "env" says which field each variable holds',
      'take "field" away',
    ],
    [
      'an accepted rule that is none',
      withSecrets('  a: { env: A, accept: [ { rule: max-aeg, until: 2027-01-31, reason: r, by: me } ] }'),
      '3:34: secrets.a.accept[0].rule: there is no rule "max-aeg"',
      'did you mean "max-age"?',
    ],
    [
      'the same recipient twice',
      `id: kt_8f3k2m9q\nrecipients:\n  - age1${'q'.repeat(58)}\n  - age1${'q'.repeat(58)}\n`,
      '4:5: recipients[1]: the same as recipients[0]',
      'keep one of the two',
    ],
    [
      'the same output twice',
      'id: kt_8f3k2m9q\noutputs: [.env, ./.env]\n',
      '2:17: outputs[1]: ./.env is listed twice',
      'one file is one output: put its consumers and variables together',
    ],
    [
      'the inventory as an output',
      'id: kt_8f3k2m9q\noutputs: [secrets.yaml]\n',
      '2:11: outputs[0]: this is the inventory itself',
      'name the file that your program reads, such as .env',
    ],
    [
      'a folder as an output',
      'id: kt_8f3k2m9q\noutputs: [env/]\n',
      '2:11: outputs[0]: this is a folder',
      'name a file, or use "dialect: files" for one file per secret',
    ],
    [
      'a home folder in short',
      'id: kt_8f3k2m9q\noutputs: [~/.env]\n',
      '2:11: outputs[0]: "~" is not expanded here',
      'write the whole path, or one relative to the folder of this file',
    ],
    [
      'an output only of what is not declared',
      'id: kt_8f3k2m9q\nsecrets: { jwt: JWT }\noutputs:\n  - { file: .env, only: [jwd] }\n',
      '4:26: outputs[0].only[0]: there is no secret "jwd"',
      'did you mean "jwt"?',
    ],
    [
      'a template of a secret that is not declared',
      'id: kt_8f3k2m9q\noutputs:\n  - { file: .env, vars: { U: "{db.password}" } }\n',
      '3:30: outputs[0].vars.U: there is no secret "db"',
      'declare it under "secrets:", for example "db: {}"',
    ],
    [
      'a template of a field that is not there',
      'id: kt_8f3k2m9q\nsecrets: { db: { env: { P: password } } }\noutputs:\n  - { file: .env, vars: { U: "{db.pasword|url}" } }\n',
      '4:30: outputs[0].vars.U: the secret db has no field "pasword"',
      'did you mean "db.password"?',
    ],
    [
      'a template with an unknown filter',
      'id: kt_8f3k2m9q\nsecrets: { db: { env: { P: password } } }\noutputs:\n  - { file: .env, vars: { U: "{db.password|b64}" } }\n',
      '4:30: outputs[0].vars.U: "{db.password|b64}": the filters are "|url" and "|both", one of them',
      'for example "postgres://{db.username|url}:{db.password|url}@127.0.0.1/app"',
    ],
    [
      'a template that is none',
      'id: kt_8f3k2m9q\nsecrets: { db: { env: { P: password } } }\noutputs:\n  - { file: .env, vars: { U: "{db.password" } }\n',
      '4:30: outputs[0].vars.U: "{" is never closed; write "{{" for a brace',
      'for example "postgres://{db.username|url}:{db.password|url}@127.0.0.1/app"',
    ],
    [
      'a template that takes the name of a variable',
      'id: kt_8f3k2m9q\nsecrets: { db: { env: { P: password } } }\noutputs:\n  - { file: .env, vars: { P: "x{db.password}" } }\n',
      '4:27: outputs[0].vars.P: is a variable of the secret db already',
      'give the template another name',
    ],
    [
      'a notice to a secret that is not declared',
      'id: kt_8f3k2m9q\nnotify: [ { kind: slack, url_from: hook } ]\n',
      '2:36: notify[0].url_from: there is no secret "hook"',
      'declare it under "secrets:", for example "hook: {}"',
    ],
    ['a zone that is none', 'id: kt_8f3k2m9q\nschedule: { zone: Europe/Viena }\n', '2:19: schedule.zone: is no time zone', 'did you mean "Europe/Vienna"?'],
    [
      'a window without length',
      'id: kt_8f3k2m9q\nschedule: { window: { from: "02:00", to: "02:00" } }\n',
      '2:42: schedule.window: begins and ends at the same time',
      'take the window away if it is always open',
    ],
    [
      'a consumer that may take days',
      'id: kt_8f3k2m9q\noutputs:\n  - { file: .env, consumers: [ { kind: exec, run: [a], timeout: 2d } ] }\n',
      '3:65: outputs[0].consumers[0].timeout: is more than nothing and at most 1h',
      'write 60s or 5m',
    ],
  ])('%s', (_, text, message, hint) => {
    expect(problem(text)).toEqual([`secrets.yaml:${message}`, ...(hint ? [hint] : [])])
  })

  test('times that do not fit are shown with their sums', () => {
    expect(problem('id: kt_8f3k2m9q\npolicy:\n  grace: 13d\n')).toEqual([
      'secrets.yaml:3:10: policy: ask_after 2d + grace 13d = 15d, which does not fit into rotate_before 14d',
      'raise rotate_before to 15d, or shorten the others',
    ])
    expect(problem('id: kt_8f3k2m9q\npolicy: { rotate_before: 8d }\nschedule: { window: { days: [sat, sun], from: "02:00", to: "05:00" } }\n')).toEqual([
      'secrets.yaml:2:26: policy: longest wait for the window 5d 22h + ask_after 2d + grace 1d = 8d 22h, which does not fit into rotate_before 8d',
      'raise rotate_before to 9d, or shorten the others',
    ])
    expect(problem(withSecrets('  a:\n    env: A\n    max_age: 10d'))).toEqual([
      'secrets.yaml:5:14: secrets.a: rotate_before 14d does not fit into max_age 10d',
      'lower rotate_before (it needs at least 3d), or raise max_age',
    ])
    expect(problem('id: kt_8f3k2m9q\nschedule: { window: { days: [sun], from: "02:00", to: "03:00" } }\npolicy: { max_age: 8d }\n')).toEqual([
      'secrets.yaml:3:20: policy: rotate_before 14d does not fit into max_age 8d',
      'raise max_age above 10d',
    ])
  })

  test('times of a secret that is never rotated need not fit', () => {
    expect(loadText(withSecrets('  a: { env: A, rotator: none, reason: r, max_age: 1d }')).secrets).toHaveLength(1)
  })
})

describe('all problems', () => {
  test('are reported at once, in the order of the file, shape and combinations alike', () => {
    expect(
      problemsOf(`id: kt_8f3k2m9q
projct: x
policy: { max_age: 10d, grase: 1h }
secrets:
  a: { env: SAME, owner: 12, rotator: randm }
  b: { env: SAME, store: vautl }
  c: { env: C, rotator: { kind: random, format: hx } }
outputs:
  - { file: .env, perm: 0600, only: [a, zzz] }
  - .env
`).map((text) => text.split('\n')[0]),
    ).toEqual([
      'secrets.yaml:2:1: unknown key "projct"',
      'secrets.yaml:3:20: policy: rotate_before 14d does not fit into max_age 10d',
      'secrets.yaml:3:25: policy: unknown key "grase"',
      'secrets.yaml:5:26: secrets.a.owner: expected text, but this is a number',
      'secrets.yaml:5:39: secrets.a.rotator: this Keyturn has no rotator "randm"',
      'secrets.yaml:6:13: secrets.b: the variable SAME belongs to a already (line 5)',
      'secrets.yaml:6:26: secrets.b.store: there is no store "vautl"',
      'secrets.yaml:7:49: secrets.c.rotator.format: is none of hex, base64',
      'secrets.yaml:9:25: outputs[0].perm: without quotes YAML reads this as the number 600',
      'secrets.yaml:9:41: outputs[0].only[1]: there is no secret "zzz"',
      'secrets.yaml:10:5: outputs[1]: .env is listed twice',
    ])
  })

  test('come as one error that says how many', () => {
    expect(refusal(folderWith({ 'secrets.yaml': 'id: kt_8f3k2m9q\na: 1\nb: 2\n' }))).toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'secrets.yaml: 2 problems',
      exitCode: 2,
    })
    expect(refusal(folderWith({ 'secrets.yaml': 'id: kt_8f3k2m9q\na: 1\n' }))).toMatchObject({ message: 'secrets.yaml: one problem' })
  })
})

describe('a value that was pasted into the file', () => {
  const value = canary()
  const key = `sk-proj-${value}`
  test.each<[string, string]>([
    ['behind a name', withSecrets(`  openai: ${key}`)],
    ['as a name', withSecrets(`  ${key}: OPENAI_API_KEY`)],
    ['as a key of the file', `id: kt_8f3k2m9q\n${value}: x\n`],
    ['as the variable', withSecrets(`  openai: { env: { ${key}: value } }`)],
    ['as a whole env file', `OPENAI_API_KEY=${value}\nB=2\n`],
    ['in a block scalar header', withSecrets(`  openai: |${key}`)],
    ['in wrong brackets', withSecrets(`  openai: ]${key}`)],
    ['in quotes that are not closed', withSecrets(`  openai: "${key}`)],
    ['as an alias', withSecrets(`  openai: *${value}${value}`)],
    ['as a rotator', withSecrets(`  openai: { env: A, rotator: "${value}=" }`)],
    ['as an age key', `id: kt_8f3k2m9q\nrecipients: [AGE-SECRET-KEY-1${value}]\n`],
    ['as the id', `id: ${value}\n`],
    ['as a path', withSecrets(`  openai: { env: A, path: "${value}+=" }`)],
    ['as a date', withSecrets(`  openai: { env: A, accept: [ { rule: max-age, until: ${value}, reason: r, by: b } ] }`)],
  ])('is not shown when it stands %s', (_, text) => {
    const error = refusal(folderWith({ 'secrets.yaml': text }))
    expect(error.code).toBe('CONFIG_INVALID')
    expectNoCanary([error.message, error.hint, ...error.details, error.stack].join('\n'), 'the error')
  })

  test('is named as what it is', () => {
    expect(problem(withSecrets(`  openai: ${key}`))[0]).toBe(
      'secrets.yaml:3:11: secrets.openai: this looks like a secret value, which must never stand in this file',
    )
    expect(problem(withSecrets(`  db: postgres://app:${value}@127.0.0.1/app`))[0]).toMatch(/looks like a secret value/)
    expect(problem(`id: kt_8f3k2m9q\nrecipients: [AGE-SECRET-KEY-1${value}]\n`)[0]).toMatch(/this is a secret key/)
  })
})

test('an inventory that leaves out what its rotators, consumers and notices take their credentials from is told each of them, and nothing else', () => {
  const short = LONG.replace(/^ {2}(db-admin|health-token|slack-webhook): .*\n/gm, '')
  expect(problemsOf(short).map((text) => /there is no secret "[^"]+"/.exec(text)?.[0] ?? text)).toEqual(
    ['db-admin', 'health-token', 'slack-webhook'].map((name) => `there is no secret "${name}"`),
  )
})
