import { appendFileSync } from 'node:fs'

/** How often each point was passed in this process; `*` counts all of them. */
const passed = new Map<string, number>()

/**
 * Test builds only: what is called at step boundaries, and between the writes of store, ledger and outputs. `KEYTURN_TEST_KILL_AT`
 * names the point at which the process gets `KEYTURN_TEST_KILL_WITH` (default SIGKILL, the way a power cut would end it):
 * `promote:done` is its first passing, `promote:done#2` its second, `*#40` the fortieth passing of any. Every passing is noted in the
 * file `KEYTURN_TEST_TRACE`.
 *
 * @param prefix put before the names of one part, so that two parts may use one name
 */
export function faultPoints(env: Readonly<Record<string, string | undefined>>, prefix = ''): (point: string) => void {
  const { KEYTURN_TEST_KILL_AT: wanted, KEYTURN_TEST_KILL_WITH: signal, KEYTURN_TEST_TRACE: trace } = env
  return (point) => {
    const name = `${prefix}${point}`
    const passing = [name, '*'].map((counted) => {
      const nth = (passed.get(counted) ?? 0) + 1
      passed.set(counted, nth)
      return `${counted}#${nth}`
    })
    if (trace) appendFileSync(trace, `${passing[0]}\n`)
    if (wanted && (passing.includes(wanted) || passing[0] === `${wanted}#1`)) process.kill(process.pid, signal || 'SIGKILL')
  }
}
