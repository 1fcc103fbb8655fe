import { describe, expect, it } from 'vitest'
import { missingProofs } from '../../src/rotation/gate.ts'
import type { GateOutput, HostState } from '../../src/terms.ts'
import { UNTAKEN } from '../../src/terms.ts'

const GATE: readonly GateOutput[] = [
  { host: 'h', file: '.env', unproven: 'hold', consumers: ['compose 1', 'compose 2'].map((key) => ({ key, unproven: 'hold' as const })) },
]

/** A host whose file holds version `t2` of two secrets, and what its two consumers proved of their variables A and B. */
function missing(first: Record<string, string | null>, second: Record<string, string | null>, secret = 'a'): readonly string[] {
  const proof = (vars: Record<string, string | null>) => ({ refresh: null, misses: 0, proof: { claimPos: 9, claimAt: 9, at: 9, vars } })
  const host = {
    kind: 'host',
    outputs: {
      '.env': {
        claimPos: 5,
        claimAt: 5,
        at: 5,
        changedPos: 5,
        vars: { A: { value: 'hmac:k:a', from: { a: 't2' } }, B: { value: 'hmac:k:b', from: { b: 't2' } } },
      },
    },
    consumers: { '.env consumer compose 1': proof(first), '.env consumer compose 2': proof(second) },
  } as unknown as HostState
  return missingProofs(GATE, new Map([['h', host]]), { secret, token: 't2', now: 10, afterPos: 3, revocable: true }).map(
    ({ consumer, why }) => `${consumer}: ${why}`,
  )
}

describe('a consumer that takes only some variables of a file', () => {
  it('has nothing to prove about the others', () => {
    expect(missing({ A: 'hmac:k:a', B: UNTAKEN }, { A: UNTAKEN, B: 'hmac:k:b' })).toEqual([])
  })

  it('still holds back what it takes, and what it was asked about without an answer', () => {
    expect(missing({ A: 'hmac:k:old', B: UNTAKEN }, { A: UNTAKEN, B: 'hmac:k:b' })).toEqual(['compose 1: still holds another value'])
    expect(missing({ A: 'hmac:k:a', B: UNTAKEN }, { A: null, B: 'hmac:k:b' })).toEqual(['compose 2: still holds another value'])
  })

  it('is no proof of anything where nobody takes the variable', () => {
    expect(missing({ A: UNTAKEN, B: 'hmac:k:b' }, { A: UNTAKEN, B: UNTAKEN })).toEqual([
      'undefined: no consumer of it takes this variable, so none can prove what runs',
    ])
    expect(missing({ A: UNTAKEN, B: 'hmac:k:b' }, { A: UNTAKEN, B: UNTAKEN }, 'b')).toEqual([])
  })
})
