import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addRecipient, addSecret, removeRecipient, removeSecret, setField } from '../../src/inventory/edit.ts'
import { loadInventoryText } from '../../src/inventory/load.ts'
import { KINDS } from './files.ts'

const TEXT = `# my header
id: kt_8f3k2m9q   # never change

secrets:          # all of them
    openai:   OPENAI_API_KEY     # from the console
    # the telephone
    ari:
        env: { ASTERISK_ARI_USERNAME:  username,
               ASTERISK_ARI_PASSWORD: password }   # two
        rotator: asterisk-ari

    jwt: {env: JWT_SECRET, rotator: random}
    old:
        env: OLD
        rotator: none
        reason: |
            a long
            story

# who reads
recipients:
- age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq   # mine

outputs:
  - .env    # the one
  - { file: worker.env, only: [jwt, openai] }
`

const load = (text: string) => loadInventoryText(text, '/srv/voice-agent/secrets.yaml', { cwd: '/srv/voice-agent', kinds: KINDS, host: 'pbx-1' })
const recipient = (letter: string) => `age1${letter.repeat(58)}`

/** What an edit took away and put in, as lines. */
function difference(before: string, after: string): { readonly gone: readonly string[]; readonly come: readonly string[] } {
  const [a, b] = [before.split('\n'), after.split('\n')]
  let start = 0
  while (start < a.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++
  return { gone: a.slice(start, a.length - end), come: b.slice(start, b.length - end) }
}

describe('adding a secret', () => {
  test('puts one line behind the last secret and touches nothing else', () => {
    const after = addSecret(TEXT, { name: 'deepgram', env: { DEEPGRAM_API_KEY: 'value' } })
    expect(difference(TEXT, after)).toEqual({ gone: [], come: ['    deepgram: DEEPGRAM_API_KEY'] })
    expect(load(after).secrets.map((secret) => secret.name)).toEqual(['openai', 'ari', 'jwt', 'old', 'deepgram'])
  })

  test.each([
    ['a map in braces', 'id: kt_8f3k2m9q\nsecrets: { a: A }  # few\n', 'secrets: { a: A, new: NEW }  # few'],
    ['a map in braces over lines', 'id: kt_8f3k2m9q\nsecrets: {\n  a: A,\n}\n', '  a: A, new: NEW'],
    ['an empty map', 'id: kt_8f3k2m9q\nsecrets: {}\noutputs: [.env]\n', '  new: NEW'],
    ['nothing behind the key', 'id: kt_8f3k2m9q\nsecrets:\noutputs: [.env]\n', '  new: NEW'],
    ['no such key', 'id: kt_8f3k2m9q\noutputs: [.env]', '  new: NEW'],
    ['a comment at the end', 'id: kt_8f3k2m9q\nsecrets:\n  a: A\n  # the end\n', '  new: NEW'],
    ['no final newline', 'id: kt_8f3k2m9q\nsecrets:\n  a: A', '  new: NEW'],
    ['Windows line ends', 'id: kt_8f3k2m9q\r\nsecrets:\r\n  a: A\r\noutputs: [.env]\r\n', '  new: NEW\r'],
  ])('works with %s', (_, text, line) => {
    const after = addSecret(text, { name: 'new', env: { NEW: 'value' } })
    expect(after.split('\n')).toContain(line)
    expect(load(after).secrets.at(-1)).toMatchObject({ name: 'new', env: { NEW: 'value' } })
    expect(after.includes('\r\n') && /[^\r]\n/.test(after)).toBe(false)
  })

  test('writes what the short form cannot say', () => {
    const after = addSecret(TEXT, {
      name: 'n8n',
      env: { N8N_ENCRYPTION_KEY: 'key' },
      rotator: { kind: 'none' },
      reason: 'encrypts: stored # data',
    })
    expect(difference(TEXT, after).come).toEqual(['    n8n: { env: N8N_ENCRYPTION_KEY, field: key, rotator: none, reason: "encrypts: stored # data" }'])
    expect(load(after).secrets.at(-1)).toMatchObject({ fields: ['key'], reason: 'encrypts: stored # data' })
  })

  test('refuses a name that is there', () => {
    expect(() => addSecret(TEXT, { name: 'jwt', env: { OTHER: 'value' } })).toThrow('secrets.jwt is declared already')
  })
})

describe('removing a secret', () => {
  test('takes its lines and its place in "only", and nothing else', () => {
    const after = removeSecret(TEXT, 'openai')
    expect(after).toBe(TEXT.replace('    openai:   OPENAI_API_KEY     # from the console\n', '').replace('only: [jwt, openai]', 'only: [jwt]'))
    expect(load(after).secrets.map((secret) => secret.name)).toEqual(['ari', 'jwt', 'old'])
  })

  test.each(['ari', 'jwt', 'old'])('%s', (name) => {
    const after = removeSecret(TEXT.replace('jwt, openai', 'openai'), name)
    expect(load(after).secrets.map((secret) => secret.name)).toEqual(['openai', 'ari', 'jwt', 'old'].filter((one) => one !== name))
    for (const comment of ['# my header', '# never change', '# all of them', '# from the console', '# the telephone', '# who reads', '# mine', '# the one']) {
      expect(after).toContain(comment)
    }
  })

  test('leaves an empty map when it was the last', () => {
    expect(removeSecret('id: kt_8f3k2m9q\nsecrets:  # none yet\n  a: A\noutputs: [.env]\n', 'a')).toBe(
      'id: kt_8f3k2m9q\nsecrets: {}  # none yet\noutputs: [.env]\n',
    )
    expect(removeSecret('id: kt_8f3k2m9q\nsecrets: { a: A }\n', 'a')).toBe('id: kt_8f3k2m9q\nsecrets: {}\n')
  })

  test('that is not there changes nothing', () => {
    expect(removeSecret(TEXT, 'nobody')).toBe(TEXT)
  })
})

describe('recipients', () => {
  test('are added with the name of whose they are, once', () => {
    const after = addRecipient(TEXT, recipient('p'), 'recovery key')
    expect(difference(TEXT, after)).toEqual({ gone: [], come: [`- ${recipient('p')}  # recovery key`] })
    expect(addRecipient(after, recipient('p'))).toBe(after)
    expect(load(after).recipients).toEqual([recipient('q'), recipient('p')])
  })

  test('are taken away', () => {
    const two = addRecipient(TEXT, recipient('p'))
    expect(removeRecipient(two, recipient('p'))).toBe(TEXT)
    expect(load(removeRecipient(TEXT, recipient('q'))).recipients).toEqual([])
    expect(removeRecipient(TEXT, recipient('z'))).toBe(TEXT)
  })

  test('begin a list where there was none', () => {
    expect(addRecipient('id: kt_8f3k2m9q\n', recipient('p'))).toBe(`id: kt_8f3k2m9q\nrecipients:\n  - ${recipient('p')}\n`)
  })
})

describe('setting a key of a secret', () => {
  test('makes the long form of the short one', () => {
    const after = setField(TEXT, 'openai', 'owner', 'ops@example.org')
    expect(difference(TEXT, after)).toEqual({
      gone: ['    openai:   OPENAI_API_KEY     # from the console'],
      come: ['    openai:   { env: OPENAI_API_KEY, owner: ops@example.org }     # from the console'],
    })
  })

  test.each([
    ['adds to a block', 'ari', 'max_age', '30d', '        max_age: 30d'],
    ['adds to braces', 'jwt', 'owner', 'ops', '    jwt: {env: JWT_SECRET, rotator: random, owner: ops}'],
    ['replaces in braces', 'jwt', 'rotator', { kind: 'random', length: 40 }, '    jwt: {env: JWT_SECRET, rotator: { kind: random, length: 40 }}'],
    ['replaces in a block', 'ari', 'rotator', 'manual', '        rotator: manual'],
    ['replaces text over lines', 'old', 'reason', 'short', '        reason: short'],
  ] as const)('%s', (_, secret, key, value, line) => {
    const after = setField(TEXT, secret, key, value)
    expect(after.split('\n')).toContain(line)
    expect(setField(after, secret, key, value)).toBe(after)
    load(after)
  })

  test('takes a key away with null', () => {
    expect(setField(TEXT, 'jwt', 'rotator', null)).toBe(TEXT.replace('{env: JWT_SECRET, rotator: random}', '{env: JWT_SECRET}'))
    expect(setField(TEXT, 'ari', 'rotator', null)).toBe(TEXT.replace('        rotator: asterisk-ari\n', ''))
    expect(setField(TEXT, 'openai', 'owner', null)).toBe(TEXT)
  })

  test('says when the secret is declared elsewhere', () => {
    expect(() => setField(TEXT, 'nobody', 'owner', 'x')).toThrow('not declared in this file')
  })
})

describe('a text that cannot be edited safely', () => {
  test('is refused when the change would reach something else', () => {
    const shared = 'id: kt_8f3k2m9q\nsecrets:\n  a: &x { env: A }\n  b: *x\n'
    expect(() => setField(shared, 'a', 'owner', 'ops')).toThrow('without touching something else')
  })

  test('is refused when it is no YAML', () => {
    expect(() => addSecret('id: "kt', { name: 'a', env: { A: 'value' } })).toThrow('no YAML in line 1')
    expect(() => addSecret('id: *x', { name: 'a', env: { A: 'value' } })).toThrow('no YAML')
  })
})

test('whatever is added and removed again leaves the text as it was', () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/).filter((one) => !['openai', 'ari', 'jwt', 'old'].includes(one))
  const words = fc.string({ maxLength: 40, unit: 'grapheme' }).filter((one) => one.trim() !== '')
  fc.assert(
    fc.property(name, words, words, (secret, owner, reason) => {
      const added = addSecret(TEXT, { name: secret, env: { A_B: 'value' }, rotator: { kind: 'none' }, reason, owner })
      expect(load(added).secrets.at(-1)).toMatchObject({ name: secret, reason, owner })
      expect(removeSecret(added, secret)).toBe(TEXT)
    }),
    { numRuns: 100 },
  )
})
