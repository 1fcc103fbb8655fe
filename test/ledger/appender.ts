import { openSqliteLedger } from '../../src/ledger/sqlite.ts'
import { note, policy } from '../contract/events.ts'
import { tally } from '../support/tally.ts'

/**
 * A process of its own that appends to one stream: `node appender.ts FILE COUNT [POINT:NTH]`. It prints the numbers it won,
 * and kills itself with SIGKILL when an append reaches POINT for the NTH time.
 */
const [file = '', count = '0', kill] = process.argv.slice(2)
const [point, nth] = kill?.split(':') ?? []
let reached = 0
const ledger = await openSqliteLedger({
  ...{ file, fold: tally, clock: { now: () => 1_000 }, tool: '0.0.0-test', inventoryHash: 'inventory-hash', inventoryId: 'kt_test' },
  actor: { uid: 1000, user: 'somebody', host: 'here' },
  timeoutMs: 20_000,
  fault: (at) => {
    if (at === point && ++reached === Number(nth)) process.kill(process.pid, 'SIGKILL')
  },
})
for (let won = 0; won < Number(count); ) {
  const seq = ((await ledger.state('s'))?.seq ?? 0) + 1
  try {
    const { recorded } = await ledger.append('s', seq, note(seq), { policy })
    process.stdout.write(`${recorded.seq} ${recorded.pos}\n`)
    won++
  } catch (error) {
    if ((error as { code?: string }).code !== 'STREAM_MOVED') throw error
  }
}
await ledger.close()
