import { fstatSync, readSync } from 'node:fs'
import type { Policy, RotatorRef, Secret } from '../terms.ts'

/**
 * A secret as the cache holds it. `null` for the inventory's own policy, which most have: it would be half of the file. Not left out, since an
 * object that gets one more key after it was read takes 40 bytes more.
 */
export type CachedSecret = Omit<Secret, 'policy'> & { readonly policy: Policy | null }

/** Read at once: a small inventory whole, and of a large one never much. */
const CHUNK = 256 * 1024

/** The lines of an open file, one after the other: the text of a hundred thousand secrets is never whole in memory. */
export function* readLines(descriptor: number): Generator<string> {
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK, fstatSync(descriptor).size + 1))
  let rest: Buffer[] = []
  for (;;) {
    const size = readSync(descriptor, buffer, 0, buffer.length, null)
    if (size === 0) break
    let start = 0
    for (let end = buffer.indexOf(10, 0); end >= 0 && end < size; end = buffer.indexOf(10, start)) {
      yield rest.length === 0 ? buffer.toString('utf8', start, end) : Buffer.concat([...rest, buffer.subarray(start, end)]).toString('utf8')
      rest = []
      start = end + 1
    }
    if (start < size) rest.push(Buffer.from(buffer.subarray(start, size)))
  }
  if (rest.length > 0) yield Buffer.concat(rest).toString('utf8')
}

/**
 * Makes what equal secrets have in common one object: of a hundred thousand, most have the same rotator, fields, owner and no exception.
 * Nothing of an inventory is ever changed, so nobody can tell.
 */
export function sharing(policy: Policy): (secret: CachedSecret) => Secret {
  const known = new Map<string, unknown>()
  const share = <T>(key: string, value: T): T => {
    const before = known.get(key)
    if (before !== undefined) return before as T
    known.set(key, value)
    return value
  }
  const isPlain = ({ params, admin }: RotatorRef): boolean => admin === undefined && Object.keys(params).length === 0
  return (cached) => {
    const secret = cached as { -readonly [key in keyof Secret]: Secret[key] }
    secret.policy ??= policy
    // One text instead of two that are equal, as they mostly are.
    if (secret.id === secret.name) secret.id = secret.name
    secret.fields = share(`fields ${secret.fields.join(' ')}`, secret.fields)
    if (secret.accept.length === 0) secret.accept = share('accept', secret.accept)
    if (isPlain(secret.rotator)) secret.rotator = share(`rotator ${secret.rotator.kind}`, secret.rotator)
    if (secret.owner !== undefined) secret.owner = share(`owner ${secret.owner}`, secret.owner)
    return secret
  }
}
