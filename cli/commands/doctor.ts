import { type Stats, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { type App, environment, loadLedgerTools } from '../../src/app.ts'
import { fromFileSystem, isKeyturnError } from '../../src/errors.ts'
import type { Engine } from '../../src/rotation/engine.ts'
import { examine, examineRunning, type Trouble } from '../../src/rotation/examine.ts'
import { judgeAgain } from '../../src/rotation/judge.ts'
import type { Output } from '../../src/terms.ts'
import type { CommandContext, Run } from '../context.ts'
import { lookAtGuards } from '../guards.ts'

/** Looks whether everything is reachable, permitted and consistent; every finding comes with the command that mends it. */
export const run: Run = async (context) => {
  const app = await context.app()
  const found: Trouble[] = []
  const passed: string[] = []
  const look = async (what: string, check: () => Promise<readonly Trouble[]>): Promise<void> => {
    context.signal.throwIfAborted()
    const troubles = await check().catch((error: unknown): readonly Trouble[] => {
      if (!isKeyturnError(error)) throw error
      return [{ severity: 'error', code: error.code, message: error.message, hint: error.hint }]
    })
    found.push(...troubles)
    if (troubles.every(({ severity }) => severity === 'note')) passed.push(what)
  }
  // A look must not make what is missing, so the engine, which would, comes last.
  await look('ledger', () => ledger(app))
  for (const { name, kind } of app.inventory.stores) {
    await look(kind === 'local' ? 'keys and store' : `store ${name}`, () => (kind === 'local' ? localStore(app) : serverStore(app, name)))
  }
  const opens = isWell(found)
  await look('outputs', () => outputs(app))
  await look('git and images', () => guards(app))
  const well = isWell(found)
  if (well) await look('secrets and providers', async () => examine(await app.engine()))
  // Also beside an output that git tracks: what runs on an old value is the more urgent of the two.
  if (opens) await look('what runs', () => running(app))
  if (well) await look('strength', async () => judgedAgain(await app.engine()))
  return report(context, found, passed)
}

const isWell = (found: readonly Trouble[]): boolean => found.every(({ severity }) => severity !== 'error')

/** Everything that reads an output of this host is asked what it holds, declared or only found in a compose file. */
async function running(app: App): Promise<readonly Trouble[]> {
  const { findUndeclared } = await import('../../src/inventory/import/undeclared.ts')
  const { services, remarks } = await findUndeclared(app.inventory, environment().host)
  const notes = remarks.map((message): Trouble => ({ severity: 'note', code: 'UNDECLARED', message, hint: 'name them as consumers in secrets.yaml' }))
  return [...(await examineRunning(await app.engine(), services)), ...notes]
}

/** What this Keyturn knows better than the one that recorded it, or what came to stand in another environment since. */
async function judgedAgain(engine: Engine): Promise<readonly Trouble[]> {
  const names = await judgeAgain(engine, true)
  if (names.length === 0) return []
  return [{ severity: 'warning', code: 'JUDGED', message: `recorded anew, with what is known now: ${names.join(', ')}`, hint: 'secrets status' }]
}

async function ledger(app: App): Promise<readonly Trouble[]> {
  const { verifyLedger } = await loadLedgerTools()
  const { fold } = await import('../../src/rotation/fold.ts')
  const result = await verifyLedger(await app.ledger(), fold)
  return result.problems.map((p) => ({
    severity: 'error',
    code: 'LEDGER_DAMAGED',
    message: `ledger: ${p.stream ?? 'all streams'}: ${p.what}`,
    hint: 'keep the file, then "secrets restore FILE" from a backup',
  }))
}

/** Whether it answers, and lets us do what rotations will do. */
async function serverStore(app: App, name: string): Promise<readonly Trouble[]> {
  await (await app.store(name)).ready()
  return []
}

async function localStore(app: App): Promise<readonly Trouble[]> {
  const local = await app.localStore()
  await local.ready()
  const files = await local.files()
  return files.flatMap((f) =>
    f.problem === null ? [] : [{ severity: 'error' as const, code: f.problem.code, message: f.problem.message, hint: f.problem.hint }],
  )
}

/** Of what `check` finds, what is not said above already. */
async function guards(app: App): Promise<readonly Trouble[]> {
  const found = (await lookAtGuards(app)).findings.filter(({ rule }) => rule !== 'file-mode' && rule !== 'git-tracked').length
  if (found === 0) return []
  return [
    {
      severity: 'warning',
      code: 'GUARDS',
      message: `git, images or others could take what holds values: ${found} finding${found === 1 ? '' : 's'}`,
      hint: 'secrets check',
    },
  ]
}

async function outputs(app: App): Promise<readonly Trouble[]> {
  const [{ isTracked }, { folderMode }] = await Promise.all([import('../../src/outputs/tracked.ts'), import('../../src/outputs/generations.ts')])
  const { host } = environment()
  const troubles: Trouble[] = []
  for (const output of app.inventory.outputs.filter((o) => o.host === host)) {
    const found = look(output)
    if (!found) {
      troubles.push({ severity: 'warning', code: 'DRIFT', message: `${output.file}: not there yet`, hint: 'secrets sync' })
      continue
    }
    const folder = output.dialect === 'files'
    if (!(folder ? found.isDirectory() : found.isFile())) {
      const what = folder ? 'no folder' : found.isDirectory() ? 'a folder' : 'no regular file'
      troubles.push({ severity: 'error', code: 'FILE_UNWRITABLE', message: `${output.file}: is ${what}`, hint: `move it away, then: secrets sync` })
      continue
    }
    const mode = found.mode & 0o777
    const perm = folder ? folderMode(output.perm) : output.perm
    if (mode & 0o077 & ~perm) {
      troubles.push({
        severity: 'warning',
        code: 'STATE_INSECURE',
        message: `${output.file}: others may read it (mode ${mode.toString(8)})`,
        hint: `chmod ${perm.toString(8)} ${output.target}`,
      })
    }
    // Of a folder, what we write there is looked at when it is written; a .gitkeep may well be tracked.
    if (!folder && (await isTracked(output.target)).tracked) {
      troubles.push({
        severity: 'error',
        code: 'OUTPUT_TRACKED',
        message: `${output.file}: git tracks it, so its values are in the history`,
        hint: `git rm --cached ${output.file}, and rotate what stood in it`,
      })
    }
  }
  return troubles
}

/** `null`: not there, be it a link to nothing. FILE_UNREADABLE where nobody may look. */
function look({ target }: Output): Stats | null {
  try {
    return statSync(resolve(target), { throwIfNoEntry: false }) ?? null
  } catch (error) {
    throw fromFileSystem(error, 'read', target)
  }
}

const MARKS: Readonly<Record<Trouble['severity'], string>> = { error: '!', warning: '~', note: '-' }

function report(context: CommandContext, found: readonly Trouble[], passed: readonly string[]): number {
  const errors = found.filter((t) => t.severity === 'error').length
  if (context.options.json) {
    context.out.document({ schema: 'keyturn/doctor@1', ok: errors === 0, passed, findings: found })
    return errors === 0 ? 0 : 1
  }
  for (const what of passed) context.out.say(`  ok  ${what}`)
  for (const t of found) context.out.print(`${MARKS[t.severity]} ${t.message}\n    ${t.hint.replaceAll('\n', '\n    ')}`)
  if (found.every(({ severity }) => severity === 'note')) context.out.say('nothing to mend')
  return errors === 0 ? 0 : 1
}
