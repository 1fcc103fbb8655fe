import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { type App, loadKeyTools } from '../../src/app.ts'
import { KeyturnError } from '../../src/errors.ts'
import { Sensitive } from '../../src/sensitive.ts'
import { type RecoveryNote, readRecoveryNote, writeRecoveryNote } from '../../src/state/recovery.ts'
import type { CommandContext, Run } from '../context.ts'
import { editInventory, letIn, listOwn, listRecipients, ownOrNew, ownRecipients } from '../machine-key.ts'
import { textOption } from '../options.ts'
import { typedRecoveryKey } from '../recovery-key.ts'
import { needBackupKey, onServersAlone, serversOf } from '../server-stores.ts'

const ACTIONS = ['show', 'verify', 'add', 'remove'] as const

/** The keys of the embedded store: who can open it, and whether they still do. No private key is ever printed. */
export const run: Run = async (context, [action = '', recipient], options) => {
  const keyFile = textOption(options, 'recoveryKeyFile')
  if (recipient !== undefined && action !== 'add' && action !== 'remove') throw new KeyturnError('USAGE', `identity ${action} takes no RECIPIENT`)
  const app = await context.app()
  if (action === 'show') return show(context, app)
  if (action === 'verify') return verify(context, app, keyFile)
  if (action === 'add') return recipient === undefined ? addKeyFile(context, app, keyFile) : admit(context, app, recipient, 'added')
  if (action === 'remove') return remove(context, app, recipient)
  throw new KeyturnError('USAGE', `identity: there is no "${action}"`, { hint: ACTIONS.map((one) => `secrets identity ${one}`).join(', ') })
}

async function show(context: CommandContext, app: App): Promise<number> {
  const { out } = context
  const own = await ownRecipients(app.paths)
  const note = readRecoveryNote(app.paths.state)
  const rows = app.inventory.recipients.map((recipient) => ({
    recipient,
    what: own.includes(recipient) ? 'this machine' : recipient === note?.recipient ? 'recovery key' : 'another machine or person',
  }))
  const unlisted = own.filter((one) => !app.inventory.recipients.includes(one))
  if (out.json) out.document({ schema: 'keyturn/identity@1', file: app.paths.identityFile, own, recipients: rows, recovery: note })
  else {
    out.print(
      [`key of this machine: ${own.length === 0 ? 'none' : app.paths.identityFile}`, ...rows.map((row) => `  ${row.recipient}  ${row.what}`)].join('\n'),
    )
    if (onServersAlone(app.inventory)) out.note(`Keys open backups alone: the values lie in ${serversOf(app.inventory)}.`)
    out.note(recoveryText(note))
    for (const one of unlisted)
      out.warn(`${one} is the key of this machine, and no recipient in ${app.inventory.file}`, `on a machine that opens the store: secrets identity add ${one}`)
  }
  return 0
}

const recoveryText = (note: RecoveryNote | null): string => {
  if (note === null || note.recipient === null) return 'no recovery key: secrets identity add --recovery-key-file FILE makes one'
  return `recovery key ${note.how === 'file' ? 'written to a file' : 'confirmed'} ${new Date(note.at).toISOString().slice(0, 10)}; check it again: secrets identity verify`
}

/** Opens every file of the store with the key of this machine, and looks whether the recovery key is among their readers. */
async function verify(context: CommandContext, app: App, keyFile: string | undefined): Promise<number> {
  const { out, prompts } = context
  const onServers = onServersAlone(app.inventory)
  if (onServers && app.inventory.recipients.length > 0) await needBackupKey(app)
  const files = onServers ? [] : await (await app.localStore()).files()
  const broken = files.filter((file) => file.problem !== null)
  const [first] = broken
  if (first?.problem) throw first.problem
  const asks = keyFile !== undefined || (prompts.possible && app.inventory.recipients.length > 0)
  const recovery = asks ? await recoveryKey(context, keyFile) : null
  const shut = recovery === null ? [] : files.filter((file) => !file.readers.includes(recovery))
  if (recovery !== null && !app.inventory.recipients.includes(recovery)) {
    throw new KeyturnError('IDENTITY_WRONG', `this recovery key (${recovery}) is no recipient in ${app.inventory.file}`, {
      hint: 'use the one that init made, or: secrets identity add --recovery-key-file FILE',
    })
  }
  if (shut.length > 0) {
    throw new KeyturnError('IDENTITY_WRONG', `the recovery key opens ${files.length - shut.length} of ${files.length} files of the store`, {
      hint: `secrets identity add ${recovery}`,
    })
  }
  if (recovery !== null) {
    const how = readRecoveryNote(app.paths.state)?.how ?? 'typed'
    await writeRecoveryNote(app.paths.state, { recipient: recovery, how: how === 'skipped' ? 'typed' : how, at: app.clock.now() }, writing(app))
  }
  if (out.json) out.document({ schema: 'keyturn/identity-verified@1', files: files.length, recovery })
  else {
    if (onServers) out.say(verifiedOnServers(app))
    else out.say(`The key of this machine opens all ${files.length} files of the store.`)
    if (recovery !== null) out.say(onServers ? 'The recovery key is a recipient too.' : 'The recovery key opens them too.')
    else if (app.inventory.recipients.length === 0) out.note('For backups there has to be a key: secrets identity add --recovery-key-file FILE')
    else out.note('The recovery key was not checked: give --recovery-key-file FILE.')
  }
  return 0
}

function verifiedOnServers({ inventory }: App): string {
  const none = `No store of ${inventory.file} is the embedded one, so no key opens any: the values lie in ${serversOf(inventory)}.`
  return inventory.recipients.length === 0 ? none : `${none} Backups are sealed with the key of this machine.`
}

/** The recipient of the recovery key, from its file or typed. */
async function recoveryKey(context: CommandContext, keyFile: string | undefined): Promise<string> {
  const { readIdentities, recipientOf } = await loadKeyTools()
  if (keyFile === undefined) {
    return recipientOf(await typedRecoveryKey(context))
  }
  const [identity] = await readIdentities({ file: resolve(context.cwd, keyFile) })
  return recipientOf(identity ?? new Sensitive(''))
}

/**
 * A key file that is there lets this machine in, if its own key is lost: a new one is made, and the store encrypted to it with that
 * of the file, which stays where it is. One that is not there is made: a recovery key where `init` made none.
 */
async function addKeyFile(context: CommandContext, app: App, keyFile: string | undefined): Promise<number> {
  if (keyFile === undefined)
    throw new KeyturnError('USAGE', 'identity add: whose?', { hint: 'secrets identity add age1...   or: secrets identity add --recovery-key-file FILE' })
  const file = resolve(context.cwd, keyFile)
  const { newIdentity, readIdentities, recipientOf, writeIdentity } = await loadKeyTools()
  const { clock, random, paths } = app
  if (!existsSync(file)) {
    const identity = await newIdentity()
    await writeIdentity(identity, { file, clock, random, owner: paths.owner })
    const status = await admit(context, app, identity.recipient, 'recovery key')
    await writeRecoveryNote(paths.state, { recipient: identity.recipient, how: 'file', at: clock.now() }, writing(app))
    context.out.note(`${file}: move it off this machine`)
    return status
  }
  const [key] = await readIdentities({ file })
  const recipient = await recipientOf(key ?? new Sensitive(''))
  const { recipients } = app.inventory
  if (!recipients.includes(recipient)) {
    throw new KeyturnError('IDENTITY_WRONG', `${keyFile}: its key (${recipient}) is no recipient in ${app.inventory.file}`, {
      hint: 'use a key that the inventory lists',
    })
  }
  const own = await ownRecipients(paths)
  if (own.includes(recipient)) {
    if (context.out.json) context.out.document({ schema: 'keyturn/identity-changed@1', recipients, files: 0 })
    else context.out.say('This machine has that key already.')
    return 0
  }
  if (own.some((one) => recipients.includes(one)))
    throw new KeyturnError('USAGE', `this machine has a key already: ${paths.identityFile}`, { hint: 'move that file away first, if it opens nothing' })
  return comeIn(context, app, key ?? new Sensitive(''))
}

/** Also the end of one that was killed: a key that is there and not listed was made by it. */
async function comeIn(context: CommandContext, app: App, key: Sensitive<string>): Promise<number> {
  const { paths, inventory } = app
  const { recipient, made } = await ownOrNew(paths)
  const recipients = [...new Set([...inventory.recipients, recipient])]
  const { changed, shut } = onServersAlone(inventory)
    ? { changed: 0, shut: null }
    : await letIn({ paths, store: paths.store, key, inventoryId: inventory.id, trusted: inventory.recipients, recipients })
  if (shut !== null) context.out.warn(shut.message, shut.hint)
  await listOwn(app, true)
  if (made) context.out.note(`the key of this machine: ${paths.identityFile}`)
  if (onServersAlone(inventory)) return told(context, recipients, 'This machine can open and make backups, with a key of its own', null)
  return told(context, recipients, 'This machine can read the store, with a key of its own', changed)
}

/** One more may read: first every file is encrypted to them too, then the inventory says so. Run again, it goes on. */
async function admit(context: CommandContext, app: App, recipient: string, comment: string): Promise<number> {
  const { recipients } = app.inventory
  if (onServersAlone(app.inventory)) {
    // Who seals must be a recipient too, and until now this machine needed no key.
    const own = await ownOrNew(app.paths)
    await listRecipients(app, [
      { recipient: own.recipient, comment: 'this machine' },
      { recipient, comment },
    ])
    return told(context, [...new Set([...recipients, own.recipient, recipient])], `${recipient} can open backups that are made from now on`, null)
  }
  const changed = await (await app.localStore()).reencrypt([...new Set([...recipients, recipient])])
  await listRecipients(app, [{ recipient, comment }])
  return told(context, [...new Set([...recipients, recipient])], `${recipient} can read the store now`, changed)
}

async function remove(context: CommandContext, app: App, recipient: string | undefined): Promise<number> {
  const { recipients, file } = app.inventory
  if (recipient === undefined || !recipients.includes(recipient)) {
    throw new KeyturnError('USAGE', `identity remove: ${recipient ?? 'nothing'} is no recipient in ${file}`, { hint: 'secrets identity show lists them' })
  }
  const left = recipients.filter((one) => one !== recipient)
  if (left.length === 0)
    throw new KeyturnError('USAGE', 'the last recipient cannot go: nobody could open the store', { hint: 'secrets eject takes everything away' })
  if ((await ownRecipients(app.paths)).includes(recipient)) {
    throw new KeyturnError('USAGE', 'this is the key of this machine, which would lock itself out', {
      hint: 'remove it from another machine that opens the store',
    })
  }
  if (!(await context.prompts.confirm(`${recipient} shall read nothing that is written from now on. Go on?`))) return 0
  const { removeRecipient } = await import('../../src/inventory/edit.ts')
  const onServers = onServersAlone(app.inventory)
  const changed = onServers ? null : await (await app.localStore()).reencrypt(left)
  await editInventory(app, (text) => removeRecipient(text, recipient))
  const note = readRecoveryNote(app.paths.state)
  if (note?.recipient === recipient) await writeRecoveryNote(app.paths.state, { recipient: null, how: 'skipped', at: app.clock.now() }, writing(app))
  if (onServers) return told(context, left, `${recipient} opens no backup that is made from now on; older ones it still does`, null)
  context.out.warn('whoever had that key may have copied what it opened until now', 'secrets rotate --all replaces the values')
  return told(context, left, `${recipient} can no longer read the store`, changed)
}

/** `changed`: files of the embedded store that were encrypted anew; `null` where there is none. */
function told(context: CommandContext, recipients: readonly string[], what: string, changed: number | null): number {
  if (context.out.json) context.out.document({ schema: 'keyturn/identity-changed@1', recipients, files: changed ?? 0 })
  else context.out.say(`${what}${changed === null ? '' : ` (${changed} files encrypted anew)`}. Commit secrets.yaml.`)
  return 0
}

const writing = (app: App) => ({ random: app.random, owner: app.paths.owner })
