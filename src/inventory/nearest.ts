/**
 * The known word that was probably meant: the smallest edit distance (a swap of neighbours counts as one), at most a third of the
 * word's length and never more than three; also a word that begins with what was written. `null`: nothing is near.
 */
export function nearest(word: string, known: Iterable<string>): string | null {
  const wanted = word.toLowerCase().slice(0, 64)
  if (wanted.length < 3) return null
  const allowed = Math.min(3, Math.floor(wanted.length / 3))
  let best: string | null = null
  let bestDistance = allowed + 0.75
  for (const candidate of known) {
    if (Math.abs(candidate.length - wanted.length) > allowed) continue
    // Of two that are equally near, the one that begins alike: first letters are seldom wrong.
    const distance = editDistance(wanted, candidate.toLowerCase()) + (candidate[0]?.toLowerCase() === wanted[0] ? 0 : 0.5)
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  if (best !== null) return best
  for (const candidate of known) if (candidate.startsWith(wanted) || (candidate.length > 3 && wanted.startsWith(candidate))) return candidate
  return null
}

/** Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, (beforeLast[j - 2] ?? 0) + 1)
      row.push(least)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? 0
}
