import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import type { App, loadKeyTools } from '../../src/app.ts'
import { isKeyturnError, KeyturnError } from '../../src/errors.ts'
import { showChange } from '../../src/guards/ignore-lines.ts'
import { newInventoryId } from '../../src/inventory/id.ts'
import { importSecrets, keepOriginals } from '../../src/inventory/import/adopt.ts'
import {
  alone,
  closePending,
  forgetPending,
  notePending,
  type Pending,
  type PendingPlace,
  readPending,
  undoIgnores,
} from '../../src/inventory/import/pending.ts'
import { makeText, replaceText } from '../../src/inventory/import/place.ts'
import { type ImportPlan, inventoryText, planImport } from '../../src/inventory/import/plan.ts'
import { refuseTaken } from '../../src/inventory/import/taken.ts'
import { type Judge, judgeOnce } from '../../src/policy/strength.ts'
import { writeRecoveryNote } from '../../src/state/recovery.ts'
import type { CommandContext, Run } from '../context.ts'
import { explanation } from '../import-explanation.ts'
import { documentOf, nameOf, pathIn, summary } from '../import-summary.ts'
import { parseMoment } from '../moment.ts'
import { type NewStore, newStore } from '../new-store.ts'
import { textOption } from '../options.ts'
import { type Identity, makeRecoveryKey, type RecoveryKey } from '../recovery-key.ts'

type KeyTools = Awaited<ReturnType<typeof loadKeyTools>>

/** Reads env files, shows what it makes of them, and on a yes writes `secrets.yaml` with the values in the store. */
export const run: Run = async (context, files, options) => {
  const { out } = context
  const created = textOption(options, 'created')
  const server = newStore(options)
  const { clock, host } = (await import('../../src/app.ts')).environment()
  // Said before the question, recorded after it.
  const judge = judgeOnce()
  const now = clock.now()
  const bornAt = created === undefined ? null : parseMoment(created, '--created')
  if (bornAt !== null && bornAt > now) throw new KeyturnError('USAGE', `--created: ${created} lies in the future`)
  const { config = null, environment = null } = context.options
  const plan = await planImport({ cwd: context.cwd, files, config, environment, created: bornAt, now, host, judge }).catch(async (error: unknown) => {
    if (isKeyturnError(error, 'CONFIG_EXISTS')) await settleBefore(context)
    throw error
  })
  if (options.explain === true && !out.json) out.print(`${explanation(plan)}\n`)
  if (options.dryRun === true) {
    if (out.json) out.document(documentOf(plan, null))
    else {
      out.print(`${summary(plan, server?.text)}\n\n${nameOf(plan)}:`)
      // As they would stand in the files.
      await out.stream([inventoryText(plan, 'kt_00000000', [], server?.declared), '\n', ...changesOf(plan)])
      out.print('Nothing was written.')
    }
    return 0
  }
  if (!out.json) out.say([...changesOf(plan), summary(plan, server?.text)].join(''))
  if (!context.options.yes && !context.prompts.possible) {
    throw new KeyturnError('NOT_A_TERMINAL', 'nobody is there to say yes, and nothing was written', {
      hint: server === null ? 'secrets init --yes --recovery-key-file FILE' : `secrets init --yes --store ${server.kind}`,
    })
  }
  if (!(await context.prompts.confirm('Continue?').catch(nothingWritten))) {
    out.note('Nothing was written.')
    return 0
  }
  const { loadKeyTools } = await import('../../src/app.ts')
  const tools = await loadKeyTools()
  const recovery = server === null ? await makeRecoveryKey(context, tools, textOption(options, 'recoveryKeyFile')).catch(nothingWritten) : null
  const done = await carryOut(context, plan, tools, { recovery, server, judge })
  report(context, plan, recovery, done)
  return 0
}

/** What the ignore files would get, each in whole lines. */
const changesOf = (plan: ImportPlan): readonly string[] => plan.ignores.map((change) => `${showChange({ ...change, path: pathIn(plan, change.path) })}\n`)

/** Ctrl-C at a question: there is nothing to go on with, and the key that was shown is nobody's. */
function nothingWritten(error: unknown): never {
  if (!isKeyturnError(error, 'INTERRUPTED')) throw error
  throw new KeyturnError('INTERRUPTED', 'interrupted', { hint: 'nothing was written, and a recovery key that was shown is void: secrets init makes another' })
}

interface Way {
  /** `null` where the values go to a server. */
  readonly recovery: RecoveryKey | null
  readonly server: NewStore | null
  readonly judge: Judge
}

interface Done {
  readonly id: string
  readonly imported: number
}

/**
 * Everything is written before `secrets.yaml`: until that stands there, nothing of it is anybody's project, and whatever
 * ends this (an error, Ctrl-C, a kill) leaves what is taken away at once or by the next init.
 */
async function carryOut(context: CommandContext, plan: ImportPlan, tools: KeyTools, { recovery, server, judge }: Way): Promise<Done> {
  const { environment, loadKinds, newApp, pathsOf } = await import('../../src/app.ts')
  const { loadInventoryText } = await import('../../src/inventory/load.ts')
  const { clock, random, host, fault } = environment()
  const writing = { random, owner: pathsOf('unfinished', null).owner, fault }
  const place: PendingPlace = { folder: pathsOf('unfinished', null).state, inventoryFile: plan.inventoryFile, writing }
  return alone(place, context.signal, async () => {
    const before = await readPending(place)
    const resumes = server !== null && before?.server === server.text
    if (await forgetPending(place, isOurs(tools), resumes))
      context.out.note(`An init that was interrupted here ${resumes ? 'goes on' : 'was taken back first'}.`)
    if (existsSync(plan.inventoryFile)) throw appeared(plan)
    if (before?.server !== undefined && !resumes) context.out.warn(...leftThere(before))
    const id = resumes ? before.id : newInventoryId(random)
    const paths = pathsOf(id, null)
    // On a server nothing is encrypted here: no key is made before somebody wants one for backups.
    const own = server === null ? await ownKey(tools, paths.identityFile) : null
    const made = recovery?.identity ?? null
    const recipients = [
      ...(own === null ? [] : [{ recipient: own.key.recipient, comment: host }]),
      ...(made === null ? [] : [{ recipient: made.recipient, comment: 'recovery key' }]),
    ]
    const text = inventoryText(plan, id, recipients, server?.declared)
    const inventory = loadInventoryText(text, plan.inventoryFile, {
      environment: plan.environment ?? undefined,
      cwd: context.cwd,
      kinds: await loadKinds(),
      host,
    })
    const keys = [
      ...(own?.isNew ? [{ file: paths.identityFile, key: own.key }] : []),
      ...(recovery?.file && made !== null ? [{ file: recovery.file, key: made }] : []),
    ]
    let pending: Pending = {
      id,
      stage: 'writing',
      paths: [paths.state, paths.config, paths.cache],
      ignores: plan.ignores,
      keys: keys.map(({ file, key }) => ({ file, recipient: key.recipient })),
      ...(resumes && { server: server.text }),
    }
    await notePending(place, pending)
    let app: App | null = null
    try {
      context.signal.throwIfAborted()
      for (const { file, key } of keys) await tools.writeIdentity(key, { file, clock, random, owner: paths.owner })
      app = await newApp(inventory, { cwd: context.cwd, signal: context.signal, judge })
      const store = await app.store()
      await store.ready()
      if (server !== null && !resumes) {
        await refuseTaken(store, inventory, plan.proposal.secrets)
        pending = { ...pending, server: server.text }
        await notePending(place, pending)
      }
      const imported = await importSecrets(await app.engine(), plan.proposal.secrets, context.signal).catch(otherValue)
      await keepOriginals(plan.originals, plan.ignores, {
        ...{ store, inventoryId: id, random, signal: context.signal },
        ...(resumes && { over: await app.fingerprints() }),
      })
      if (recovery !== null)
        await writeRecoveryNote(paths.state, { recipient: recovery.identity?.recipient ?? null, how: recovery.how, at: clock.now() }, writing)
      for (const change of plan.ignores) await replaceText(change.path, change.after, random)
      context.signal.throwIfAborted()
      await notePending(place, { ...pending, stage: 'committing' })
      if (!(await makeText(plan.inventoryFile, text, random))) throw appeared(plan)
      fault?.('init:written')
      await closePending(place)
      return { id, imported }
    } catch (error) {
      await app?.close()
      app = null
      await takeBack(place, pending, tools, text)
      if (pending.server !== undefined) context.out.warn('what went to the server already stays there', 'the same secrets init goes on with it')
      throw error
    } finally {
      await app?.close()
    }
  })
}

/** Only on a server: what an interrupted init, or somebody since this one looked, has put there. */
function otherValue(error: unknown): never {
  if (!isKeyturnError(error, 'STORE_CHANGED')) throw error
  throw new KeyturnError('STORE_CHANGED', error.message, {
    hint: 'the file has another value now than went to the server before: put that one back into the file, or take it away on the server',
    retryable: false,
  })
}

/** Nobody takes values off a server for another project's sake: what lies there is named. */
const leftThere = ({ id, server }: Pending): readonly [string, string] => [
  `an init that was interrupted stored values in ${server}, and they stay there`,
  `take them away there: the paths of this project, and what lies below .keyturn/${id}`,
]

const appeared = (plan: ImportPlan): KeyturnError => new KeyturnError('CONFIG_EXISTS', `${nameOf(plan)} appeared while this was going on`)

/** The key of this machine: one that the user has already named, or a new one. */
async function ownKey(tools: KeyTools, file: string): Promise<{ readonly key: Identity; readonly isNew: boolean }> {
  if (!existsSync(file)) return { key: await tools.newIdentity(), isNew: true }
  const [identity] = await tools.readIdentities({ file })
  if (identity === undefined) throw new KeyturnError('IDENTITY_WRONG', `${file}: holds no identity`)
  return { key: { identity, recipient: await tools.recipientOf(identity) }, isNew: false }
}

/** An error or Ctrl-C: as if nothing had been. */
async function takeBack(place: PendingPlace, pending: Pending, tools: KeyTools, text: string): Promise<void> {
  // It may be there although writing it failed, such as at the last flush.
  if ((await readFile(place.inventoryFile, 'utf8').catch(() => null)) === text) await rm(place.inventoryFile, { force: true })
  await notePending(place, pending).catch(() => {})
  await forgetPending(place, isOurs(tools), pending.server !== undefined).catch(async () => {
    // The disk may be full or gone: then as much as can be.
    await undoIgnores(pending.ignores, place.writing.random).catch(() => [])
    for (const path of pending.paths) await rm(path, { recursive: true, force: true }).catch(() => {})
  })
}

/** Whether a file holds the key of this recipient and nothing else. */
const isOurs =
  (tools: KeyTools) =>
  async (file: string, recipient: string): Promise<boolean> => {
    try {
      const [identity, ...more] = await tools.readIdentities({ file })
      return identity !== undefined && more.length === 0 && (await tools.recipientOf(identity)) === recipient
    } catch {
      return false
    }
  }

/** `secrets.yaml` is there: whatever note was left about it is about something that is done. */
async function settleBefore(context: CommandContext): Promise<void> {
  const { environment, pathsOf } = await import('../../src/app.ts')
  const { findInventoryFile } = await import('../../src/inventory/find.ts')
  const file = findInventoryFile({ config: context.options.config, environment: context.options.environment, cwd: context.cwd })
  const { state, owner } = pathsOf('unfinished', null)
  await closePending({ folder: state, inventoryFile: file, writing: { random: environment().random, owner } })
}

function report(context: CommandContext, plan: ImportPlan, recovery: RecoveryKey | null, { id, imported }: Done): void {
  const { out } = context
  if (out.json) out.document(documentOf(plan, { id, imported, recovery: recovery?.how ?? 'none' }))
  else {
    if (recovery?.file) out.say(`Recovery key written to ${recovery.file}: move it off this machine.`)
    out.say(`Done: ${imported} stored. Nothing rotated, nothing restarted.`)
    for (const line of nextSteps(plan)) out.say(line)
  }
  if (recovery?.how === 'skipped') {
    out.warn('there is no recovery key: whoever loses this machine loses the stored values', 'secrets identity add --recovery-key-file FILE')
  }
}

function nextSteps(plan: ImportPlan): readonly string[] {
  const weak = new Set(plan.weak.map((one) => one.variable))
  const automatic = plan.proposal.secrets.filter((one) => one.fields !== null && (one.rotator.kind === 'random' || one.rotator.kind === 'asterisk-ari'))
  const first = automatic.find((one) => Object.keys(one.env).some((variable) => weak.has(variable))) ?? automatic[0]
  const steps = [
    ['secrets status', 'how old everything is'],
    ...(first === undefined ? [] : [[`secrets rotate ${first.name} --dry-run`, 'what the first rotation would do']]),
  ]
  return steps.map(([command = '', does = ''], at) => `${at === 0 ? 'Next: ' : '      '}${command.padEnd(34)} ${does}`)
}
