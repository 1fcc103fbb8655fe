/**
 * Runs `work` on all items, at most `limit` at a time, and keeps their order. All are waited for; then the first failure in
 * the order of the items is thrown, so that the same damage is always named by the same message.
 */
export async function eachOf<T, R>(items: readonly T[], limit: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length)
  const failures = new Map<number, unknown>()
  let next = 0
  const run = async () => {
    for (let index = next++; index < items.length; index = next++) {
      try {
        results[index] = await work(items[index] as T)
      } catch (error) {
        failures.set(index, error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, run))
  if (failures.size > 0) throw failures.get(Math.min(...failures.keys()))
  return results
}
