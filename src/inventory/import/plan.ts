import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { KeyturnError } from '../../errors.ts'
import { fingerprinter } from '../../fingerprint.ts'
import { type IgnoreChange, planIgnores } from '../../guards/ignore-lines.ts'
import { MAX_TEXT_BYTES } from '../../outputs/text.ts'
import { isTracked } from '../../outputs/tracked.ts'
import { type FactOptions, recordFacts } from '../../policy/facts.ts'
import type { Judge } from '../../policy/strength.ts'
import { weaknessOf } from '../../policy/weakness.ts'
import { Sensitive } from '../../sensitive.ts'
import { readWhole } from '../../state/files.ts'
import type { Json, Millis } from '../../terms.ts'
import { type NewSecret, renderInventory } from '../render.ts'
import { DEFAULT_POLICY } from '../resolve.ts'
import type { Original } from './adopt.ts'
import { lookAround } from './around.ts'
import { proposeConsumers } from './consumers.ts'
import { type EnvFile, lookAt, nameFrom, readEnvFile } from './env-file.ts'
import { notesOnManager } from './manager-conf.ts'
import { lookBeside, type Neighbours, sortGiven } from './neighbours.ts'
import { conflictsBetween, type EnvSource, type Proposal, type ProposedSecret, propose } from './propose.ts'
import { readSamples } from './samples.ts'
import { trueAges } from './true-age.ts'

export interface PlanOptions {
  readonly cwd: string
  /** As given: env files, and an `ari.conf`. Empty: `.env`. */
  readonly files: readonly string[]
  /** Where the inventory shall be; `null`: `secrets.yaml` here, or that of the environment. */
  readonly config: string | null
  readonly environment: string | null
  /** When all values were made, as a person says. */
  readonly created?: Millis | null
  readonly now: Millis
  /** Of this machine: a word that stands around the values. */
  readonly host: string
  readonly judge?: Judge
}

/** All that `init` is going to do, read and decided, with nothing written. */
export interface ImportPlan {
  /** Absolute. */
  readonly inventoryFile: string
  readonly dir: string
  readonly environment: string | null
  readonly project: string
  readonly proposal: Proposal
  readonly originals: readonly Original[]
  /** Paths are absolute. */
  readonly ignores: readonly IgnoreChange[]
  /** What `status` will call a violation from the first day on, each with the reason in a few words. */
  readonly weak: readonly { readonly variable: string; readonly reason: string }[]
  readonly remarks: readonly string[]
}

/**
 * Reads the files and decides everything.
 *
 * @throws KeyturnError CONFIG_EXISTS; FILE_UNREADABLE or ENV_UNREADABLE naming the file and the line; USAGE for files that
 * contradict each other.
 */
export async function planImport(options: PlanOptions): Promise<ImportPlan> {
  const { cwd, environment } = options
  const inventoryFile = resolve(cwd, options.config ?? (environment === null || environment === 'production' ? 'secrets.yaml' : `secrets.${environment}.yaml`))
  if (lookAt(inventoryFile) !== undefined) throw new KeyturnError('CONFIG_EXISTS', `${nameFrom(cwd, inventoryFile)} is there already`)
  const dir = dirname(inventoryFile)
  const given = options.files.map((file) => resolve(cwd, file))
  const sorted = sortGiven(given)
  const wanted = sorted.env.length === 0 ? [resolve(cwd, '.env')] : sorted.env
  const beside = await lookBeside(dir, wanted, sorted)
  const files = await Promise.all(wanted.map((file) => readEnvFile(file, cwd, dir, beside.ofSystemd.has(file))))
  const sources = files.map(({ source }) => source)
  refuseConflicts(sources)
  const around = lookAround(
    dir,
    files.map(({ file }) => file),
  )
  const proposed = propose(sources, await ariConfFrom(sorted.ari, dir, cwd))
  const aged = await trueAges(proposed.secrets, {
    files: files.map(({ real, source }) => ({ file: source.file, real })),
    created: options.created ?? null,
    now: options.now,
  })
  const read = await proposeConsumers(proposed.outputs, aged.secrets, { dir, compose: sorted.compose })
  const proposal = { ...proposed, secrets: aged.secrets, outputs: read.outputs, remarks: [...proposed.remarks, ...aged.remarks, ...read.remarks] }
  const ignores = planIgnores(around)
  return {
    inventoryFile,
    dir,
    environment: environment === 'production' ? null : environment,
    project: projectOf(dir),
    proposal,
    originals: files.map(({ original }) => original),
    ignores,
    weak: await weakOnes(proposal.secrets, {
      published: await readSamples(dir),
      names: [projectOf(dir), environment ?? 'production', options.host],
      ...(options.judge && { judge: options.judge }),
    }),
    remarks: [
      ...proposal.remarks,
      ...files.flatMap(({ original }) => remarkOnMode(original)),
      ...(await remarksOnGit(files)),
      ...beside.notes,
      ...notesOnUsers(beside, proposal),
    ],
  }
}

function refuseConflicts(sources: readonly EnvSource[]): void {
  const conflicts = conflictsBetween(sources)
  if (conflicts.length === 0) return
  throw new KeyturnError('USAGE', 'the files give different values to the same names, so they are not one environment', {
    details: conflicts.map(({ name, files }) => `${name}: ${files.join(', ')}`),
    hint: 'one inventory an environment: secrets init FILE -e NAME',
  })
}

/** One that was given, or one that lies where projects have it. */
async function ariConfFrom(given: readonly string[], dir: string, cwd: string): Promise<string | null> {
  const [file, ...more] = given
  if (more.length > 0) throw new KeyturnError('USAGE', 'only one ari.conf can be given')
  const candidates =
    file === undefined ? ['ari.conf', 'asterisk/ari.conf', 'config/asterisk/ari.conf', 'asterisk/etc/ari.conf'].map((name) => join(dir, name)) : [file]
  for (const candidate of candidates) {
    const found = await readWhole(candidate, MAX_TEXT_BYTES).catch((error: unknown) => {
      if (file === undefined) return null
      throw error
    })
    if (found !== null) return relative(dir, candidate).split(sep).join('/')
    if (file !== undefined) throw new KeyturnError('FILE_UNREADABLE', `${nameFrom(cwd, candidate)}: there is no such file`)
  }
  return null
}

/** Only asked whether a value is weak: nothing is compared by these fingerprints, and nothing is kept. */
const THROWAWAY = fingerprinter('none', new Sensitive(new Uint8Array(32)))

type Weak = ImportPlan['weak'][number]

async function weakOnes(secrets: readonly ProposedSecret[], known: Pick<FactOptions, 'published' | 'names' | 'judge'>): Promise<readonly Weak[]> {
  const weak: Weak[] = []
  for (const secret of secrets) {
    if (secret.fields === null) continue
    const facts = await recordFacts(secret.fields, { ...known, env: secret.env, fingerprints: THROWAWAY })
    for (const [variable, field] of Object.entries(secret.env)) {
      const found = facts[field]
      const reason = found ? weaknessOf(found, DEFAULT_POLICY) : null
      if (reason !== null) weak.push({ variable, reason })
    }
  }
  return weak
}

function notesOnUsers({ manager }: Neighbours, { classified }: Proposal): readonly string[] {
  const variableOf = (secret: Sensitive<string>): string | null =>
    classified.find((one) => one.state === 'given' && secret.tells((value) => value !== '' && one.variable.value.tells((other) => other === value)))?.variable
      .name ?? null
  return manager.flatMap(({ file, conf }) => notesOnManager(file, conf, variableOf))
}

const remarkOnMode = ({ file, mode }: Original): readonly string[] =>
  (mode & 0o077) === 0 ? [] : [`${file} can be read by other users of this machine (mode ${mode.toString(8)}); the first sync makes it 600`]

/** Ignore rules do nothing for a file that was committed before. */
async function remarksOnGit(files: readonly EnvFile[]): Promise<readonly string[]> {
  const tracked = await Promise.all(files.map(async (one) => ((await isTracked(one.real)).tracked ? [one.source.file] : [])))
  return tracked.flat().map((file) => `git tracks ${file}, so its values are in the history; nothing is written to it before "git rm --cached ${file}"`)
}

/** Of the folder, as the inventory allows it. */
const projectOf = (dir: string): string =>
  basename(dir)
    .replace(/[^A-Za-z0-9 _.-]/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 64) || 'project'

/** The text of `secrets.yaml`. `main`: the store on a server that values go to; `null` for the embedded one. */
export function inventoryText(
  plan: ImportPlan,
  id: string,
  recipients: readonly { readonly recipient: string; readonly comment: string }[],
  main: Json | null = null,
): string {
  return renderInventory({
    id,
    schema: 'secrets.schema.json',
    project: plan.project,
    ...(plan.environment !== null && { environment: plan.environment }),
    recipients,
    ...(main !== null && { stores: { main } }),
    secrets: [...plan.proposal.secrets].sort((a, b) => rank(a) - rank(b)).map(declared),
    outputs: plan.proposal.outputs,
  })
}

/** What acts by itself first, what is never touched last; else in the order of the file. */
const rank = ({ rotator: { kind } }: ProposedSecret): number => (kind === 'none' ? 2 : kind === 'manual' ? 1 : 0)

function declared({ name, env, rotator }: ProposedSecret): NewSecret {
  const params = Object.fromEntries(Object.entries(rotator.params).filter((entry): entry is [string, Json] => entry[1] !== undefined))
  return { name, env, rotator: { kind: rotator.kind, params }, ...(rotator.kind === 'none' && { reason: rotator.reason }) }
}
