import { describe, expect, test } from 'vitest'
import { saw } from '../../src/rotation/saw.ts'
import type { Recorded } from '../../src/terms.ts'
import { factsOf, NOW, secretOf, stateOf, versionOf } from '../policy/states.ts'

const recorded = { at: NOW, pos: 9 } as Recorded

describe('facts that are taken again', () => {
  const secret = secretOf('openai')
  const current = versionOf(secret, { n: 2 })
  const former = versionOf(secret, { n: 1 })

  test('replace those of the versions that they name, and nothing else', () => {
    const facts = { value: factsOf('x', { weak: 'a leaked password', by: 2 }) }
    const after = saw(
      stateOf(secret, { current, former: [former] }),
      { type: 'saw', facts: { kind: 'judged', facts: { [former.token]: facts, unknown: facts } } },
      recorded,
    )
    expect(after.current).toEqual(current)
    expect(after.former).toEqual([{ ...former, facts }])
  })

  test('an end that is known by evidence is kept with its version', () => {
    const after = saw(stateOf(secret, { current }), { type: 'saw', facts: { kind: 'adopted', evidence: 'console', expiresAt: NOW } }, recorded)
    expect(after.current).toEqual({ ...current, expiresAt: NOW })
  })
})
