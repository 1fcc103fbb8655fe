import { createHash } from 'node:crypto'
import type { Random } from '../../src/ports.ts'

/** The same bytes for the same seed: SHA-256 in counter mode. For tests alone; a value made with it is known to everyone. */
export function seededRandom(seed: number | string): Random {
  let counter = 0
  let pool = Buffer.alloc(0)
  return {
    bytes(n) {
      const blocks = [pool]
      for (let have = pool.length; have < n; have += 32) blocks.push(createHash('sha256').update(`${seed}:${counter++}`).digest())
      const all = Buffer.concat(blocks)
      pool = all.subarray(n)
      return Uint8Array.from(all.subarray(0, n))
    },
  }
}
