import { tmpdir } from 'node:os'
import { fingerprinter } from '../../src/fingerprint.ts'
import { dialectOf } from '../../src/outputs/dialects/index.ts'
import type { Consumer, ConsumerContext } from '../../src/ports.ts'
import { Sensitive } from '../../src/sensitive.ts'
import { seededRandom } from '../support/random.ts'

export const FINGERPRINTS = fingerprinter('ktest', new Sensitive(new Uint8Array(32).fill(7)))
export const printOf = (value: string) => FINGERPRINTS.ofValue(new Sensitive(value))

/** What the engine would give a consumer, for these params as a user writes them. */
export function contextOf<P>(
  consumer: Consumer<P>,
  params: unknown,
  expected: Record<string, string>,
  over: Partial<ConsumerContext<P>> = {},
): ConsumerContext<P> {
  return {
    params: consumer.params.parse(params),
    dir: tmpdir(),
    env: process.env,
    target: '/nowhere/.env',
    vars: Object.keys(expected),
    signal: new AbortController().signal,
    timeoutMs: 20_000,
    random: seededRandom('consumers'),
    clock: { now: () => Date.now() },
    parse: (text) => dialectOf('dotenv').parse(text),
    fingerprints: FINGERPRINTS,
    expected: Object.fromEntries(Object.entries(expected).map(([name, value]) => [name, new Sensitive(value)])),
    secret: async () => [],
    ...over,
  }
}

/** The error that some work ends with. */
export async function errorOf(work: Promise<unknown>): Promise<{ readonly code: string; readonly message: string }> {
  try {
    await work
  } catch (error) {
    return error as { code: string; message: string }
  }
  throw new Error('it did not fail')
}
