import type { Random } from '../ports.ts'

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789'

/** What the id of an inventory looks like. It marks streams, tags at providers and the queue, so it never changes. */
export const INVENTORY_ID = /^kt_[a-z0-9]{6,32}$/

/** A new id: `kt_` and eight characters of `[a-z0-9]`, all equally likely (41 bits: two of a company's do not collide). */
export function newInventoryId(random: Random): string {
  // 252 is the largest multiple of 36 in a byte: what is above would make the first letters likelier.
  const limit = 256 - (256 % ALPHABET.length)
  let id = ''
  while (id.length < 8) {
    for (const byte of random.bytes(16)) if (byte < limit && id.length < 8) id += ALPHABET[byte % ALPHABET.length]
  }
  return `kt_${id}`
}
