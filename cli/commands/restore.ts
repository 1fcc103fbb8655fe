import { existsSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { App } from '../../src/app.ts'
import { isKeyturnError, KeyturnError } from '../../src/errors.ts'
import type { PutBack } from '../../src/inventory/import/put-back.ts'
import type { Rebuilt } from '../../src/rotation/restore.ts'
import type { Sensitive } from '../../src/sensitive.ts'
import type { Backup, OpenedBackup } from '../../src/state/archive.ts'
import type { StatePaths } from '../../src/state/paths.ts'
import type { CommandContext, Run } from '../context.ts'
import { letIn, listOwn, ownOrNew } from '../machine-key.ts'
import { textOption } from '../options.ts'
import { typedRecoveryKey } from '../recovery-key.ts'

/** Puts a backup back, or rebuilds the ledger from the store: what ends both is a ledger that knows all that the store has. */
export const run: Run = async (context, [name], options) => {
  const { out } = context
  const keyFile = textOption(options, 'recoveryKeyFile')
  const from = name === undefined ? await finish(context) : await putBack(context, name, keyFile)
  let app = await context.reopen()
  const listed = await listOwn(app, from.letIn)
  if (listed) app = await context.reopen()
  const [{ restoreLedger }, { putOriginalsBack }] = await Promise.all([
    import('../../src/rotation/restore.ts'),
    import('../../src/inventory/import/put-back.ts'),
  ])
  const engine = await app.engine({ makeLedger: true })
  const secrets = await restoreLedger(engine)
  const outputs = await putOriginalsBack(engine, await app.store())
  if (out.json) {
    const back = outputs.filter(isBack).map((one) => one.file)
    out.document({ schema: 'keyturn/restore@1', inventory: app.inventory.file, kept: from.kept, files: from.files, held: from.held, outputs: back, secrets })
  } else report(context, from, secrets, outputs)
  if (listed) out.note(`${app.inventory.file} lists the key of this machine now: commit it`)
  return 0
}

interface From {
  /** Folder with what was there before. */
  readonly kept: string | null
  /** Files of the backup that were written beside, and the key of this machine where it was made. */
  readonly files: readonly string[]
  /** The store was encrypted to the key of this machine just now. */
  readonly letIn: boolean
  /** Secrets whose rotation was open when the backup was made. */
  readonly held: readonly string[]
}

/** A restore that was killed is ended first. */
async function finish(context: CommandContext): Promise<From> {
  const app = await context.app()
  const { finishRestore } = await import('../../src/state/restore.ts')
  const { paths, random } = app
  return { kept: (await finishRestore({ paths, random }))?.kept ?? null, files: [], letIn: false, held: [] }
}

async function putBack(context: CommandContext, name: string, keyFile: string | undefined): Promise<From> {
  const file = resolve(context.cwd, name)
  const app = await projectHere(context)
  const { loadKeyTools, loadSealer, environment, pathsOf } = await import('../../src/app.ts')
  const [{ openSealer }, { readIdentities, recipientOf }, { finishRestore, readBackup, restoreBackup, restoreKeys }] = await Promise.all([
    loadSealer(),
    loadKeyTools(),
    import('../../src/state/restore.ts'),
  ])
  const { clock, random, fault } = environment()
  const own = app !== null && keyFile === undefined && existsSync(app.paths.identityFile)
  if (!own && keyFile === undefined && !context.prompts.possible) {
    throw new KeyturnError('IDENTITY_MISSING', `${name}: nothing here says which key opens it`, { hint: 'secrets restore FILE --recovery-key-file KEY' })
  }
  const keys = own
    ? await readIdentities({ file: app.paths.identityFile, owner: app.paths.owner })
    : keyFile === undefined
      ? [await typedRecoveryKey(context)]
      : await readIdentities({ file: resolve(context.cwd, keyFile), owner: app?.paths.owner ?? null })
  const openedWith = await Promise.all(keys.map(recipientOf))
  const recipients = app?.inventory.recipients ?? []
  const backup = await readBackup(
    file,
    openSealer({ identity: async () => keys, recipients, trusted: app === null ? null : recipients }),
    app?.inventory.id ?? null,
  )
  const paths = app?.paths ?? pathsOf(backup.inventoryId, null)
  if (!(await context.prompts.confirm(question(backup, existsSync(paths.state), clock.now())))) throw new KeyturnError('INTERRUPTED', 'nothing was changed')
  await app?.close()
  // One that was killed here before would stand in the way.
  if (existsSync(paths.state)) await finishRestore({ paths, random })
  const files = [...(await restoreKeys({ paths, backup, random }))]
  const machine = await ownOrNew(paths)
  if (machine.made) files.push(paths.identityFile)
  fault?.('restore:key made')
  const [key] = keys
  const letsIn = key !== undefined && !openedWith.includes(machine.recipient)
  let held: readonly string[] = []
  const { kept } = await restoreBackup({
    paths,
    backup,
    clock,
    random,
    ...(fault && { fault: (point: string) => fault(`restore:${point}`) }),
    verify: async (found) => {
      if (backup.files.has('ledger.db')) held = await holdOpenIn(found.ledger, backup, app?.inventory.hash ?? '')
      if (letsIn) await open(context, backup, { paths, key, store: found.store, recipients, machine: machine.recipient })
    },
  })
  if (letsIn) {
    await noteRecoveryKey(paths, openedWith, keyFile === undefined ? 'typed' : 'file')
    if (machine.made) context.out.note('This machine has a new key of its own. The one that opened the backup was not kept on it.')
  }
  // Last: from then on the project is there.
  if (app === null) files.push(...(await writeInventory(context, backup)))
  fault?.('restore:inventory written')
  return { kept, files, letIn: letsIn, held }
}

/** Rotations that were open when the backup was made wait for a person, also where this restore is ended by another run. */
async function holdOpenIn(file: string, { inventoryId, createdAt }: Backup, inventoryHash: string): Promise<readonly string[]> {
  const [{ openLedgerOf }, { holdOpen }] = await Promise.all([import('../../src/app.ts'), import('../../src/rotation/reverted.ts')])
  const ledger = await openLedgerOf(file, inventoryId, inventoryHash)
  try {
    return await holdOpen(ledger, createdAt)
  } finally {
    await ledger.close()
  }
}

interface Way {
  readonly paths: StatePaths
  readonly key: Sensitive<string>
  readonly store: string
  /** Of the inventory that is here; none on an empty machine. */
  readonly recipients: readonly string[]
  readonly machine: string
}

/** Encrypts the store of a backup to the key of this machine too, before it is put in place. */
async function open(context: CommandContext, backup: OpenedBackup, { paths, key, store, recipients, machine }: Way): Promise<void> {
  if (![...backup.files.keys()].some((name) => name.startsWith('store/'))) return
  const next = recipients.length === 0 ? backup.readers : recipients
  const trusted = [...new Set([...backup.readers, ...recipients])]
  const { shut } = await letIn({ paths, store, key, inventoryId: backup.inventoryId, trusted, recipients: [...new Set([...next, machine])] })
  if (shut !== null) context.out.warn(shut.message, shut.hint)
}

/** What has just opened the backup, and is nowhere on this machine, is the recovery key. */
async function noteRecoveryKey(paths: StatePaths, [recipient]: readonly string[], how: 'typed' | 'file'): Promise<void> {
  const { environment } = await import('../../src/app.ts')
  const { readRecoveryNote, writeRecoveryNote } = await import('../../src/state/recovery.ts')
  if (recipient === undefined || readRecoveryNote(paths.state)?.recipient) return
  const { clock, random } = environment()
  await writeRecoveryNote(paths.state, { recipient, how, at: clock.now() }, { random, owner: paths.owner })
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

const isBack = ({ kept, problem }: PutBack): boolean => kept && problem === null

function report(context: CommandContext, from: From, rebuilt: readonly Rebuilt[], outputs: readonly PutBack[]): void {
  const { out } = context
  for (const file of from.files) out.say(`written: ${file}`)
  for (const one of outputs.filter(isBack)) out.say(`written: ${one.file}, as init found it, with the values of now; what was changed in it since is lost`)
  if (from.kept !== null) out.say(`What was there before is kept in ${dirname(from.kept)}/${basename(from.kept)}`)
  const changed = rebuilt.filter((one) => one.changed)
  const without = rebuilt.filter((one) => !one.current)
  out.say(changed.length === 0 ? 'The ledger knows everything that the store has.' : `Caught up from the store: ${changed.map((one) => one.secret).join(', ')}`)
  if (without.length > 0) out.note(`No value in the store: ${without.map((one) => one.secret).join(', ')}. Give one: secrets set ${without[0]?.secret}`)
  if (from.held.length > 0) out.warn(`in the backup a rotation was open, and it waits for you: ${from.held.join(', ')}`, 'secrets status')
  for (const { file, problem, notes } of outputs) {
    if (problem !== null) out.warn(`${file}: it could not be put back: ${problem.message}`, problem.hint)
    for (const note of notes) out.note(note)
  }
  const bare = outputs.filter((one) => !one.kept).map((one) => one.file)
  if (bare.length > 0) out.note(`${bare.join(', ')}: there is no copy. Put your own back first; else it is written with the variables of secrets.yaml alone.`)
  out.note('Next: secrets doctor, then secrets sync')
}
