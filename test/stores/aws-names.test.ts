import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { namesFor, requestToken } from '../../src/stores/aws/names.ts'
import { awsParams } from '../../src/stores/aws/params.ts'

const names = namesFor('kt_demo')

describe('names of secrets', () => {
  it('are the paths, where AWS takes them', () => {
    expect(names.document('demo/production/db_1+a=b.c@d-e')).toBe('demo/production/db_1+a=b.c@d-e')
    expect(names.history('demo/db')).toBe('.keyturn/kt_demo/versions/demo/db')
    expect(names.document('.keyturn/fingerprint')).toBe('.keyturn/kt_demo/own/fingerprint')
    expect(namesFor('kt_demo', 'team/').document('demo/db')).toBe('team/demo/db')
  })

  it('are different for different paths, and such as AWS takes', () => {
    const segment = fc.string({
      unit: fc.oneof(fc.constantFrom('=', '3', 'D', 'C', 'a', '%', 'é', ' ', '\\', '~'), fc.string({ minLength: 1, maxLength: 1 })),
      minLength: 1,
      maxLength: 8,
    })
    const valid = (path: string) =>
      path.isWellFormed() && [...path].every((char) => char >= ' ' && char !== '\u007f' && char !== '/') && path !== '.' && path !== '..'
    const path = segment.filter(valid)
    fc.assert(
      fc.property(path, path, (a, b) => {
        const all = [names.document(a), names.document(b), names.history(a), names.history(b)]
        for (const name of all) expect(name).toMatch(/^[A-Za-z0-9/_+=.@-]{1,512}$/)
        expect(new Set(all).size).toBe(a === b ? 2 : 4)
      }),
      { numRuns: 500 },
    )
  })

  it('that AWS would not take are refused', () => {
    expect(() => names.history('a'.repeat(500))).toThrow(/longer than the 512 characters/)
    expect(() => names.document('a//b')).toThrow(/holds "\/\/"/)
  })

  it('of versions are such as AWS takes, and differ by what is written, for whom and over what', () => {
    const all = [
      requestToken('put', 't', null),
      requestToken('put', 't', 'v'),
      requestToken('put', 'u', 'v'),
      requestToken('drop', 't', 'v'),
      requestToken('put', 't', 'v', 's'),
    ]
    expect(new Set(all).size).toBe(5)
    for (const one of all) expect(one).toMatch(/^[\w-]{32,64}$/)
    expect(requestToken('put', 't', 'v')).toBe(requestToken('put', 't', 'v'))
  })
})

describe('settings of the store', () => {
  it.each([
    { region: 'Frankfurt' },
    { endpoint: 'ftp://example.org' },
    { endpoint: 'https://user:canary-password@example.org' },
    { endpoint: 'https://example.org/?token=canary-token' },
    { role: 'keyturn' },
    { timeout: '2m' },
    { timeout: '0s' },
    { prefix: 'a b' },
    { access_key: 'x' },
  ])('%j is refused, and what it holds is not told', (params) => {
    const { error } = awsParams.safeParse(params)
    expect(error?.issues).toHaveLength(1)
    expect(JSON.stringify(error?.issues)).not.toContain('canary-')
  })

  it('are taken', () => {
    const role = 'arn:aws-us-gov:iam::123456789012:role/ops/keyturn'
    const params = {
      region: 'us-gov-west-1',
      endpoint: 'https://vpce-1.secretsmanager.us-gov-west-1.vpce.amazonaws.com',
      role,
      timeout: '500ms',
      prefix: 'team-a/',
    }
    expect(awsParams.parse(params)).toEqual(params)
  })
})
