import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { outputFiles } from '../../src/outputs/write.ts'
import { Sensitive } from '../../src/sensitive.ts'

/** A process of its own that writes an output: `node write-child.ts JSON`. */
export interface WriteTask {
  readonly lockDir: string
  readonly target: string
  /** What it writes; `append`: the file's own text and a line of this. */
  readonly text: string
  readonly append?: boolean
  readonly times?: number
  /** SIGKILL at the n-th fault point; 0: never. */
  readonly killAt: number
  /** Says `held` and keeps the lock until it is killed. */
  readonly hold?: boolean
}

if (process.argv[1] === import.meta.filename) {
  const task = JSON.parse(process.argv[2] ?? '') as WriteTask
  let passed = 0
  const files = outputFiles({
    lockDir: task.lockDir,
    isTracked: async () => ({ tracked: false }),
    random: { bytes: (n) => randomBytes(n) },
    fault: () => {
      if (++passed === task.killAt) process.kill(process.pid, 'SIGKILL')
    },
  })
  for (let i = 0; i < (task.times ?? 1); i++) {
    await files.locked(task.target, new AbortController().signal, async (file) => {
      const before = (await file.read())?.reveal() ?? ''
      if (task.hold) {
        process.stdout.write('held\n')
        await wait(600_000)
      }
      await file.replace(new Sensitive(task.append ? `${before}${task.text}${i}\n` : task.text), 0o600)
    })
  }
}
