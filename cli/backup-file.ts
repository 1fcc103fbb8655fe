import { basename } from 'node:path'
import type { App } from '../src/app.ts'
import type { Sensitive } from '../src/sensitive.ts'
import { needBackupKey } from './server-stores.ts'

/** One encrypted file of ledger, store and inventory, to this name. Never over one that is there. @throws KeyturnError RESTORE_NEEDED, LEDGER_DAMAGED, IDENTITY_MISSING, FILE_UNWRITABLE, DISK_FULL */
export async function backUpTo(app: App, file: string, recipients: readonly string[] = app.inventory.recipients): Promise<void> {
  await needBackupKey(app)
  const [{ loadKeyTools, loadSealer }, { makeBackup, writeBackup }, { gather }, { VERSION }] = await Promise.all([
    import('../src/app.ts'),
    import('../src/state/backup.ts'),
    import('../src/inventory/extend.ts'),
    import('../src/build.ts'),
  ])
  const { paths, clock, random, inventory } = app
  const { readIdentities } = await loadKeyTools()
  const { openSealer } = await loadSealer()
  const identity = (): Promise<readonly Sensitive<string>[]> => readIdentities({ file: paths.identityFile, owner: paths.owner })
  const sealer = openSealer({ identity, recipients, trusted: inventory.recipients })
  const inventoryFiles = new Map(gather(inventory.file).sources.map((source) => [basename(source.file), Buffer.from(source.bytes)]))
  const bytes = await makeBackup({ paths, inventoryId: inventory.id, inventoryFiles, sealer, clock, tool: VERSION })
  await writeBackup(file, bytes, { random, owner: paths.owner })
}

/** `voice-agent-production-20261121T190000Z.keyturn` */
export const backupName = ({ inventory, clock }: App): string => {
  const at = new Date(clock.now()).toISOString().replace(/[-:]|\.\d+/g, '')
  return `${inventory.project.replace(/[^A-Za-z0-9_.-]+/g, '-')}-${inventory.environment}-${at}.keyturn`
}
