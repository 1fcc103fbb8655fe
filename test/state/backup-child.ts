import { statePaths } from '../../src/state/paths.ts'
import { readBackup, restoreBackup } from '../../src/state/restore.ts'
import { readIdentities } from '../../src/stores/identity.ts'
import { openSealer } from '../../src/stores/local/sealer.ts'

/** A process of its own that restores a backup: `node backup-child.ts JSON`. */
export interface RestoreTask {
  readonly folder: string
  readonly file: string
  readonly identityFile: string
  /** Kill this process at the n-th fault point; 0: never. */
  readonly killAt: number
}

export const pathsIn = (folder: string) =>
  statePaths({ inventoryId: 'kt_demo', override: folder, env: { XDG_CONFIG_HOME: `${folder}/config` }, uid: 1000, home: folder })

if (process.argv[1] === import.meta.filename) {
  const task = JSON.parse(process.argv[2] ?? '') as RestoreTask
  let passed = 0
  const options = {
    paths: pathsIn(task.folder),
    random: { bytes: (n: number) => crypto.getRandomValues(new Uint8Array(n)) },
    fault: () => {
      if (++passed === task.killAt) process.kill(process.pid, 'SIGKILL')
    },
  }
  const sealer = openSealer({ identity: () => readIdentities({ file: task.identityFile }), recipients: [], trusted: null })
  const backup = await readBackup(task.file, sealer, 'kt_demo')
  await restoreBackup({ ...options, backup, clock: { now: () => 1_800_000_000_000 } })
}
