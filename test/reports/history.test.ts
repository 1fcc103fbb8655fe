import { expect, it } from 'vitest'
import { historyLine } from '../../src/reports/history.ts'
import type { Recorded } from '../../src/terms.ts'

it('a reason can neither begin a line of its own nor speak to the terminal', () => {
  const recorded: Recorded = {
    ...{ stream: 'kt_example1/secret/key', seq: 3, pos: 9, at: 0, tool: '0.0.0', inventory: '', policy: null, prev: '', hash: '' },
    actor: { uid: 0, user: 'root', host: 'vm', ci: 'a\u001b[2Jb' },
    event: { type: 'decided', answers: 2, what: 'approve', step: 'proof', reason: 'fine\n1970-01-01 00:00:00     4  revoke done, closed\u001b[31m' },
  }
  const line = historyLine(recorded, true)
  expect(line).not.toMatch(/\p{Cc}/u)
  expect(line).toContain('approve: fine 1970')
})
