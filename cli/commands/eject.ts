import { lstatSync, readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { App } from '../../src/app.ts'
import { type LeavePlan, planLeave, writeFilesLeft } from '../../src/inventory/import/leave.ts'
import { alone, closePending, notePending, type PendingPlace, undoIgnores } from '../../src/inventory/import/pending.ts'
import { readRecoveryNote } from '../../src/state/recovery.ts'
import { backUpTo, backupName } from '../backup-file.ts'
import type { CommandContext, Run } from '../context.ts'
import { needBackupKey, onServersAlone, serversOf } from '../server-stores.ts'

/** Writes plain files and takes everything of Keyturn's away: the undo of `init`. */
export const run: Run = async (context, _args, options) => {
  const { out } = context
  const app = await context.app()
  if (options.backup !== false) await needBackupKey(app, '; without a backup: secrets eject --no-backup')
  const plan = await planLeave(await app.engine(), await app.store(), options.original === true)
  const shared = otherEnvironments(app)
  const backup = options.backup === false ? null : await backupFile(app)
  const keep = backup !== null && readRecoveryNote(app.paths.state)?.recipient == null
  const text = describe(app, plan, { shared, backup, keep })
  if (options.dryRun === true) {
    if (out.json) out.document(documentOf(app, plan, backup, false))
    else out.print(`${text}\nNothing was changed.`)
    return 0
  }
  if (!out.json) out.say(text)
  if (!(await context.prompts.confirm('Take all of this away?', false))) {
    out.note('Nothing was changed.')
    return 0
  }
  await carryOut(context, app, plan, { shared, backup, keep })
  if (out.json) out.document(documentOf(app, plan, backup, true))
  else {
    if (backup !== null) out.say(`Backup: ${backup}`)
    out.say(
      `Done. ${plan.files.map(({ output }) => output.file).join(', ') || 'No file'} ${plan.files.length === 1 ? 'is a plain file' : 'are plain files'} again; nothing was restarted.`,
    )
  }
  return 0
}

interface Around {
  /** Other inventories in the same folder: they need the ignore lines too. */
  readonly shared: readonly string[]
  readonly backup: string | null
  /** The key of this machine stays: nothing else opens the backup. */
  readonly keep: boolean
}

/**
 * In an order in which a kill loses nothing: the backup, the plain files, then what is ours. `secrets.yaml` goes before the
 * state, with a note that has the next `init` take away what a kill left of it.
 */
async function carryOut(context: CommandContext, app: App, plan: LeavePlan, { shared, backup, keep }: Around): Promise<void> {
  const { pathsOf } = await import('../../src/app.ts')
  const { paths, inventory, random } = app
  const place: PendingPlace = { folder: pathsOf('unfinished', null).state, inventoryFile: inventory.file, writing: { random, owner: paths.owner } }
  await alone(place, context.signal, async () => {
    if (backup !== null) await backUpTo(app, backup)
    await writeFilesLeft(await app.engine(), plan.files)
    context.signal.throwIfAborted()
    if (shared.length === 0) await undoIgnores(plan.ignores, random)
    const gone = [paths.state, paths.cache, ...(keep ? [] : [paths.config])]
    await notePending(place, { id: inventory.id, stage: 'writing', paths: gone, ignores: [], keys: [] })
    await app.close()
    await rm(inventory.file, { force: true })
    for (const path of gone) await rm(path, { recursive: true, force: true })
    await closePending(place)
  })
}

async function backupFile(app: App): Promise<string> {
  const { pathsOf } = await import('../../src/app.ts')
  return join(pathsOf('ejected', null).state, backupName(app))
}

const otherEnvironments = (app: App): readonly string[] =>
  readdirSync(dirname(app.inventory.file)).filter((name) => /^secrets(\.[a-z0-9_-]+)?\.yaml$/.test(name) && name !== basename(app.inventory.file))

function describe(app: App, plan: LeavePlan, { shared, backup, keep }: Around): string {
  const lines = plan.files.map(({ output, as, changes, edited }) => {
    const what =
      as === 'original' ? 'becomes what it was before init' : changes.length === 0 ? 'stays as it is' : `gets the present values of ${changes.join(', ')}`
    return `${output.file} ${what}${edited.length === 0 ? '' : as === 'original' ? ` (edited by hand since: ${edited.join(', ')})` : `; edited by hand and kept: ${edited.join(', ')}`}`
  })
  if (plan.files.some(({ as }) => as === 'original') && plan.replaced.length > 0) {
    lines.push(`Replaced since init, so the values in the original may be dead: ${plan.replaced.join(', ')}`)
  }
  for (const file of plan.elsewhere) lines.push(`${file} stays as it is`)
  const ignores = plan.ignores.filter((change) => lstatSync(change.path, { throwIfNoEntry: false }) !== undefined)
  if (shared.length > 0 && ignores.length > 0) lines.push(`The ignore lines stay: ${shared.join(', ')} needs them`)
  else for (const change of ignores) lines.push(`${basename(change.path)} loses ${change.added.length} of our lines`)
  lines.push(`Deleted: ${basename(app.inventory.file)}, ${app.paths.state}${keep ? '' : `, ${app.paths.config}`}`)
  const servers = serversOf(app.inventory)
  if (servers !== '') lines.push(`Values and their versions in ${servers} stay there`)
  if (backup === null) lines.push(`No backup is kept: ${onServersAlone(app.inventory) ? 'the history is' : 'former values and the history are'} gone for good`)
  else
    lines.push(`A backup goes to ${backup}${keep ? `; the key of this machine stays in ${app.paths.config}, since there is no recovery key to open it` : ''}`)
  return lines.join('\n')
}

const documentOf = (app: App, plan: LeavePlan, backup: string | null, done: boolean): unknown => ({
  schema: 'keyturn/eject@1',
  done,
  inventory: app.inventory.file,
  backup,
  files: plan.files.map(({ output, as, changes, edited }) => ({ file: output.file, as, changes, edited })),
  elsewhere: plan.elsewhere,
  replaced: plan.replaced,
})
