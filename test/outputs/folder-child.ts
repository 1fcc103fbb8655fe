import { randomBytes } from 'node:crypto'
import { folderText } from '../../src/outputs/dialects/files.ts'
import { outputs } from '../../src/outputs/folders.ts'

/** A process of its own that writes a folder of secrets: `node folder-child.ts JSON`. */
export interface FolderTask {
  readonly lockDir: string
  /** Ends in `/`. */
  readonly target: string
  /** Each is written after the one before it. */
  readonly texts: readonly Readonly<Record<string, string>>[]
  /** SIGKILL at the n-th fault point; 0: never. */
  readonly killAt: number
  /** Leaves plain files at the end. */
  readonly leave?: boolean
}

if (process.argv[1] === import.meta.filename) {
  const task = JSON.parse(process.argv[2] ?? '') as FolderTask
  let passed = 0
  const files = outputs({
    lockDir: task.lockDir,
    isTracked: async () => ({ tracked: false }),
    random: { bytes: (n) => randomBytes(n) },
    fault: () => {
      if (++passed === task.killAt) process.kill(process.pid, 'SIGKILL')
    },
  })
  for (const text of task.texts) {
    await files.locked(task.target, new AbortController().signal, async (file) => {
      await file.read()
      await file.replace(folderText(new Map(Object.entries(text))), 0o600)
    })
  }
  if (task.leave) await files.locked(task.target, new AbortController().signal, async (file) => file.leave?.(0o600))
  process.stdout.write(String(passed))
}
