import type { Fingerprint } from '../terms.ts'

/** One place that holds a value: the number of a secret, and the variable or field in it. */
export interface Holder {
  readonly secret: number
  readonly field: string
}

export interface Reuse {
  add(secret: number, field: string, value: Fingerprint): void
  /** Groups of places that hold the same value, in different secrets. */
  shared(): Generator<readonly Holder[]>
}

const FORM = /^(.*):([0-9a-f]{13})([0-9a-f]{13})([0-9a-f]{6})$/

/**
 * Finds equal fingerprints among very many. Kept as numbers in columns: the texts of a hundred thousand would be a third of all that
 * a report keeps. All 128 bits and the key count, so equal here is equal.
 *
 * @param usual - the field that a secret's value has where there is only one: it need not be kept
 */
export function reuse(expected: number, usual: (secret: number) => string): Reuse {
  let columns = allocate(Math.max(16, expected))
  let count = 0
  const keys = new Map<string, number>()
  const fields = new Map<number, string>()
  const idOf = (key: string): number => {
    const known = keys.get(key)
    if (known !== undefined) return known
    keys.set(key, keys.size)
    return keys.size - 1
  }
  return {
    add: (secret, field, value) => {
      const form = FORM.exec(value)
      const digits = (group: number): number => Number.parseInt(form?.[group] ?? '0', 16)
      if (count === columns.secret.length) columns = grow(columns)
      columns.secret[count] = secret
      columns.key[count] = idOf(form?.[1] ?? value)
      columns.a[count] = digits(2)
      columns.b[count] = digits(3)
      columns.c[count] = digits(4)
      if (field !== usual(secret)) fields.set(count, field)
      count += 1
    },
    *shared() {
      const { secret, key, a, b, c } = columns
      const at = (column: Float64Array | Uint32Array, i: number): number => column[i] as number
      const compare = (i: number, j: number): number => at(a, i) - at(a, j) || at(b, i) - at(b, j) || at(c, i) - at(c, j) || at(key, i) - at(key, j)
      const order = candidates(c, count).sort(compare)
      for (let start = 0; start < order.length; ) {
        let end = start + 1
        while (end < order.length && compare(at(order, start), at(order, end)) === 0) end += 1
        if (end - start > 1) {
          const holders = [...order.subarray(start, end)]
            .sort((i, j) => i - j)
            .map((i) => ({ secret: at(secret, i), field: fields.get(i) ?? usual(at(secret, i)) }))
          if (new Set(holders.map((holder) => holder.secret)).size > 1) yield holders
        }
        start = end
      }
    },
  }
}

/** The places whose last 24 bits occur twice: bare numbers are sorted in a tenth of the time, and few places are left to be compared. */
function candidates(column: Uint32Array, count: number): Uint32Array {
  const sorted = column.slice(0, count).sort()
  const twice = new Set(sorted.filter((value, i) => value === sorted[i + 1]))
  const found: number[] = []
  for (let i = 0; i < count; i++) if (twice.has(column[i] as number)) found.push(i)
  return Uint32Array.from(found)
}

interface Columns {
  readonly secret: Uint32Array
  readonly key: Uint32Array
  readonly a: Float64Array
  readonly b: Float64Array
  readonly c: Uint32Array
}

const allocate = (size: number): Columns => ({
  secret: new Uint32Array(size),
  key: new Uint32Array(size),
  a: new Float64Array(size),
  b: new Float64Array(size),
  c: new Uint32Array(size),
})

function grow(from: Columns): Columns {
  const to = allocate(from.secret.length * 2)
  for (const name of ['secret', 'key', 'a', 'b', 'c'] as const) to[name].set(from[name])
  return to
}
