import { describe, expect, it } from 'vitest'
import { expectedEntries, secretsBehind } from '../../src/outputs/entries.ts'
import { Sensitive } from '../../src/sensitive.ts'
import type { Output, Secret } from '../../src/terms.ts'

const POLICY = { maxAgeMs: 1, rotateBeforeMs: 1, graceMs: 1, askAfterMs: 1, minLength: 1, minEntropyBits: 1, retainMs: 1 }
const secret = (name: string, env: Record<string, string>, fields = Object.values(env)): Secret => ({
  ...{ id: `id-${name}`, name, env, fields, store: 'main', path: `p/${name}`, rotator: { kind: 'random', params: {} } },
  ...{ rotatorDeclared: true, policy: POLICY, accept: [] },
})
const output = (over: Partial<Output> = {}): Output => ({
  ...{ file: '.env', target: '/p/.env', dialect: 'compose', perm: 0o600, host: 'h', only: null, vars: {}, consumers: [], unproven: 'hold' },
  ...over,
})
const documents: Record<string, Record<string, string>> = {
  'p/api': { value: 'canary-api', neighbour: 'canary-n' },
  'p/db': { username: 'u', password: 'canary p' },
  'p/empty': { value: '' },
}
const documentOf = ({ path }: Secret) => (documents[path] ? { path, fields: new Sensitive(documents[path]), changedAt: null } : undefined)

const SECRETS = [
  secret('api', { API_KEY: 'value' }),
  secret('db', { DB_USER: 'username', DB_PASSWORD: 'password' }),
  secret('empty', { EMPTY: 'value' }),
  secret('none', { NONE: 'value' }),
  secret('odd', { ODD: 'constructor' }),
  secret('admin', {}, ['value']),
]
const expected = (over: Partial<Output>) => {
  const { entries, missing } = expectedEntries(output(over), SECRETS, documentOf)
  return { entries: entries.map((entry) => [entry.name, entry.value.reveal(), entry.secrets]), missing }
}

describe('expectedEntries', () => {
  it('gives every variable with the secret it comes from, and never an empty one', () => {
    expect(expected({})).toEqual({
      entries: [
        ['API_KEY', 'canary-api', ['id-api']],
        ['DB_USER', 'u', ['id-db']],
        ['DB_PASSWORD', 'canary p', ['id-db']],
      ],
      missing: ['EMPTY', 'NONE', 'ODD'],
    })
  })

  it('respects only, and fills templates from all secrets', () => {
    const vars = { URL: 'pg://{db.username|url}:{db.password|url}@h?k={api.value}', BAD: 'x{none.value}' }
    expect(expected({ only: ['api'], vars })).toEqual({
      entries: [
        ['API_KEY', 'canary-api', ['id-api']],
        ['URL', 'pg://u:canary%20p@h?k=canary-api', ['id-db', 'id-api']],
      ],
      missing: ['BAD'],
    })
    expect(secretsBehind(output({ only: ['api'], vars }), SECRETS).map((one) => one.name)).toEqual(['api', 'db', 'none'])
  })

  it('lists both values of a secret where there are two, and one without a comma where there is one', () => {
    const vars = { KEYS: '{api.value|both}', NAMED: 'x={api.value|both};u={db.username}' }
    const formers: Record<string, string> = { api: 'canary-old' }
    const of = (former: (name: string) => string | undefined) =>
      expectedEntries(output({ only: [], vars }), SECRETS, documentOf, ({ name }) => {
        const found = former(name)
        return found === undefined ? undefined : new Sensitive({ value: found })
      }).entries.map(({ value, listed }) => [value.reveal(), listed])
    expect(of((name) => formers[name])).toEqual([
      ['canary-api,canary-old', ['id-api']],
      ['x=canary-api,canary-old;u=u', ['id-api']],
    ])
    // The same value twice, and one that would be read as two.
    for (const former of [undefined, '', 'canary-api', 'canary,old'])
      expect(of(() => former)).toEqual([
        ['canary-api', []],
        ['x=canary-api;u=u', []],
      ])
  })

  it('refuses a current value with a comma in a list of both, and nowhere else', () => {
    const comma = (one: Secret) => ({ path: one.path, fields: new Sensitive({ value: 'canary,x' }), changedAt: null })
    const of = (vars: Record<string, string>) => expectedEntries(output({ only: [], vars }), SECRETS, comma)
    expect(of({ KEY: '{api.value}' }).entries).toHaveLength(1)
    expect(() => of({ KEYS: '{api.value|both}' })).toThrow('.env: KEYS is a list, and the value of api has a comma in it')
  })

  it.each([
    [{ URL: '{nobody.value}' }, '.env: URL uses the secret "nobody", which is not declared'],
    [{ URL: '{db.host}' }, '.env: URL uses the field "host" of "db", which has username, password'],
    [{ API_KEY: '{db.password}' }, '.env: API_KEY is declared twice, so its value is not certain'],
  ])('refuses %j', (vars, message) => {
    expect(() => expected({ vars })).toThrow(message)
  })
})
