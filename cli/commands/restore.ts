import { existsSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { App } from '../../src/app.ts'
import { isKeyturnError, KeyturnError } from '../../src/errors.ts'
import type { Rebuilt } from '../../src/rotation/restore.ts'
import type { Backup } from '../../src/state/archive.ts'
import type { CommandContext, Run } from '../context.ts'
import { textOption } from '../options.ts'
import { typedRecoveryKey } from '../recovery-key.ts'

/** Puts a backup back, or rebuilds the ledger from the store: what ends both is a ledger that knows all that the store has. */
export const run: Run = async (context, [name], options) => {
  const { out } = context
  const keyFile = textOption(options, 'recoveryKeyFile')
  const from = name === undefined ? await finish(context) : await putBack(context, name, keyFile)
  const app = await context.reopen()
  const { restoreLedger } = await import('../../src/rotation/restore.ts')
  const rebuilt = await restoreLedger(await app.engine({ makeLedger: true }))
  if (out.json) out.document({ schema: 'keyturn/restore@1', inventory: app.inventory.file, kept: from.kept, files: from.files, secrets: rebuilt })
  else report(context, from, rebuilt)
  return 0
}

interface From {
  /** Folder with what was there before. */
  readonly kept: string | null
  /** Files of the backup that were written beside. */
  readonly files: readonly string[]
}

/** A restore that was killed is ended first. */
async function finish(context: CommandContext): Promise<From> {
  const app = await context.app()
  const { finishRestore } = await import('../../src/state/restore.ts')
  const { paths, random } = app
  return { kept: (await finishRestore({ paths, random }))?.kept ?? null, files: [] }
}

async function putBack(context: CommandContext, name: string, keyFile: string | undefined): Promise<From> {
  const file = resolve(context.cwd, name)
  const app = await projectHere(context)
  const { loadKeyTools, loadSealer, environment, pathsOf } = await import('../../src/app.ts')
  const [{ openSealer }, { readIdentities, recipientOf, writeIdentity }, { readBackup, restoreBackup, restoreKeys }] = await Promise.all([
    loadSealer(),
    loadKeyTools(),
    import('../../src/state/restore.ts'),
  ])
  const { clock, random } = environment()
  const identityFile = keyFile === undefined ? app?.paths.identityFile : resolve(context.cwd, keyFile)
  if (identityFile === undefined && !context.prompts.possible) {
    throw new KeyturnError('IDENTITY_MISSING', `${name}: nothing here says which key opens it`, { hint: 'secrets restore FILE --recovery-key-file KEY' })
  }
  const typed = identityFile === undefined ? [await typedRecoveryKey(context)] : null
  for (const key of typed ?? []) await recipientOf(key)
  const identity = async () => typed ?? (await readIdentities({ file: identityFile ?? '', owner: app?.paths.owner ?? null }))
  const recipients = app?.inventory.recipients ?? []
  const backup = await readBackup(file, openSealer({ identity, recipients, trusted: app === null ? null : recipients }), app?.inventory.id ?? null)
  const paths = app?.paths ?? pathsOf(backup.inventoryId, null)
  if (!(await context.prompts.confirm(question(backup, existsSync(paths.state), clock.now())))) throw new KeyturnError('INTERRUPTED', 'nothing was changed')
  await app?.close()
  const { kept } = await restoreBackup({
    ...{ paths, backup, clock, random },
    verify: (found) => holdOpenIn(found.ledger, backup, app?.inventory.hash ?? ''),
  })
  const files = [...(await restoreKeys({ paths, backup, random }))]
  if (!existsSync(paths.identityFile)) {
    const [own] = await identity()
    if (own !== undefined)
      await writeIdentity({ identity: own, recipient: await recipientOf(own) }, { file: paths.identityFile, clock, random, owner: paths.owner })
    files.push(paths.identityFile)
    context.out.note('That key is now the key of this machine. Make a new recovery key: secrets identity add --recovery-key-file FILE')
  }
  // Last: from then on the project is there.
  if (app === null) files.push(...(await writeInventory(context, backup)))
  return { kept, files }
}

/** Rotations that were open when the backup was made wait for a person, also where this restore is ended by another run. */
async function holdOpenIn(file: string, { inventoryId, createdAt, files }: Backup, inventoryHash: string): Promise<void> {
  if (!files.has('ledger.db')) return
  const [{ openLedgerOf }, { holdOpen }] = await Promise.all([import('../../src/app.ts'), import('../../src/rotation/reverted.ts')])
  const ledger = await openLedgerOf(file, inventoryId, inventoryHash)
  await holdOpen(ledger, createdAt).finally(() => ledger.close())
}

/** The project of this folder; `null` on an empty machine. */
async function projectHere(context: CommandContext): Promise<App | null> {
  try {
    return await context.app()
  } catch (error) {
    if (isKeyturnError(error, 'CONFIG_NOT_FOUND') && context.options.config === undefined) return null
    throw error
  }
}

function question(backup: Backup, replaces: boolean, now: number): string {
  const days = Math.floor((now - backup.createdAt) / 86_400_000)
  const age = days < 1 ? 'today' : `${days} day${days === 1 ? '' : 's'} ago`
  return `Put back ledger and store of ${backup.inventoryId}, as they were ${age}?${replaces ? ' What is there now is kept beside.' : ''}`
}

/** `secrets.yaml` and what it extends, where there is none. */
async function writeInventory(context: CommandContext, backup: Backup): Promise<readonly string[]> {
  const { environment } = await import('../../src/app.ts')
  const { makeText } = await import('../../src/inventory/import/place.ts')
  const written: string[] = []
  for (const [name, bytes] of backup.files) {
    if (!name.startsWith('inventory/')) continue
    const file = join(context.cwd, basename(name))
    if (await makeText(file, bytes.toString('utf8'), environment().random)) written.push(file)
  }
  return written
}

function report(context: CommandContext, from: From, rebuilt: readonly Rebuilt[]): void {
  const { out } = context
  for (const file of from.files) out.say(`written: ${file}`)
  if (from.kept !== null) out.say(`What was there before is kept in ${dirname(from.kept)}/${basename(from.kept)}`)
  const changed = rebuilt.filter((one) => one.changed)
  const without = rebuilt.filter((one) => !one.current)
  out.say(changed.length === 0 ? 'The ledger knows everything that the store has.' : `Caught up from the store: ${changed.map((one) => one.secret).join(', ')}`)
  if (without.length > 0) out.note(`No value in the store: ${without.map((one) => one.secret).join(', ')}`)
  out.note('A file that is missing is written with the variables of secrets.yaml alone: put your own back first, if you have it.')
  out.note('Next: secrets doctor, then secrets sync')
}
