/** Choices that a seed decides. */
export interface Chance {
  /** Uniform in [0, 1). */
  next(): number
  /** Whether something happens that has this probability. */
  happens(probability: number): boolean
  /** One of them; they must not be none. */
  pick<T>(items: readonly T[]): T
  /** Whole number from `low` up to and with `high`. */
  between(low: number, high: number): number
}

/** Mulberry32: small, fast, and the same everywhere. */
export function chance(seed: number): Chance {
  let state = seed | 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    happens: (probability) => next() < probability,
    pick: (items) => {
      if (items.length === 0) throw new Error('nothing to pick from')
      return items[Math.floor(next() * items.length)] as never
    },
    between: (low, high) => low + Math.floor(next() * (high - low + 1)),
  }
}
