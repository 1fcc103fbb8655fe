import { createHmac, timingSafeEqual } from 'node:crypto'
import { KeyturnError } from '../errors.ts'
import type { ConsumerContext, Proof } from '../ports.ts'
import type { Sensitive } from '../sensitive.ts'
import type { Fingerprint } from '../terms.ts'

/** A fingerprint that no value has: something is there, and it is not what was expected. */
export const OTHER: Fingerprint = 'hmac:other:0'

/** What is asked: prove these variables with this key. */
export interface Challenge {
  /** 64 hex digits. As they are, as text, they are the key of the HMAC. */
  readonly nonce: string
  readonly vars: readonly string[]
}

export const makeChallenge = (ctx: ConsumerContext<unknown>): Challenge => ({ nonce: Buffer.from(ctx.random.bytes(32)).toString('hex'), vars: ctx.vars })

/**
 * Judges an answer `{ NAME: hex of HMAC-SHA256(nonce, value) }`: equal to that of the expected value means that it is held,
 * absent or `null` that there is none, anything else is {@link OTHER}. Throws CONSUMER_FAILED for an answer of another shape.
 */
export function judgeAnswer(ctx: ConsumerContext<unknown>, challenge: Challenge, answer: unknown, who: string): Proof {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer))
    throw new KeyturnError('CONSUMER_FAILED', `${who}: its answer is no JSON object of variables`)
  const vars: Record<string, Fingerprint | null> = {}
  for (const name of ctx.vars) {
    const given: unknown = Object.hasOwn(answer, name) ? (answer as Record<string, unknown>)[name] : null
    const expected = Object.hasOwn(ctx.expected, name) ? ctx.expected[name] : undefined
    if (given === null) vars[name] = null
    else vars[name] = expected && typeof given === 'string' && isMac(given, challenge.nonce, expected) ? ctx.fingerprints.ofValue(expected) : OTHER
  }
  return { vars }
}

function isMac(given: string, nonce: string, value: Sensitive<string>): boolean {
  if (!/^[0-9a-fA-F]{64}$/.test(given)) return false
  return timingSafeEqual(Buffer.from(given, 'hex'), createHmac('sha256', nonce).update(value.reveal()).digest())
}
