import type { Sensitive } from '../../sensitive.ts'
import { Sensitive as Box } from '../../sensitive.ts'
import type { DialectName, Fields, Json, Millis } from '../../terms.ts'
import { type Choice, chooseRotator, type Surroundings } from './choose.ts'
import { type Classified, classify, type EnvVariable } from './classify.ts'
import { takeName } from './naming.ts'
import { type Group, groupSecrets } from './pairing.ts'
import { type Templated, templateUrls } from './urls.ts'

/** An env file that was read. */
export interface EnvSource {
  /** As the inventory shall name it: relative to its folder. */
  readonly file: string
  readonly variables: readonly EnvVariable[]
  /** Whose rules it is read and written by. */
  readonly dialect: DialectName
  /** What a person should know about how it was read. */
  readonly notes: readonly string[]
  /** When the file was last written: every value in it is at least that old, if nobody copied it in between. */
  readonly changedAt: Millis
}

export interface ProposedSecret {
  readonly name: string
  /** Variable to field, in the order of the file. */
  readonly env: Readonly<Record<string, string>>
  readonly files: readonly string[]
  /** What is imported; `null` where there is no value yet. */
  readonly fields: Sensitive<Fields> | null
  /** Why there is none. */
  readonly missing: 'empty' | 'placeholder' | null
  readonly rotator: Choice
  /** The value is at least as old as this (`git`, `file`), or was made then (`claimed`). */
  readonly bornAt: Millis
  readonly source: 'git' | 'file' | 'claimed'
  /** 0 to 1: how sure it is that this is a secret. */
  readonly confidence: number
}

export interface ProposedOutput {
  readonly file: string
  /** Absent: that of Compose, which is what is meant where nothing is said. */
  readonly dialect?: DialectName
  /** Names of secrets, where the file does not hold all of them. */
  readonly only: readonly string[] | null
  /** URLs that are made from secrets. */
  readonly vars: Readonly<Record<string, string>>
  /** Compose services that read it. */
  readonly consumers?: readonly Readonly<Record<string, Json>>[]
}

export interface Proposal {
  readonly secrets: readonly ProposedSecret[]
  readonly outputs: readonly ProposedOutput[]
  /** Every variable once, for `--explain`. */
  readonly classified: readonly Classified[]
  readonly remarks: readonly string[]
}

/** Variables of different files that cannot be one: same name, different values. */
export interface Conflict {
  readonly name: string
  readonly files: readonly string[]
}

/** The variables that stand in several files with different values: one environment cannot hold them. */
export function conflictsBetween(sources: readonly EnvSource[]): readonly Conflict[] {
  if (sources.length < 2) return []
  const seen = new Map<string, { readonly value: string; readonly files: string[]; differ: boolean }>()
  for (const source of sources) {
    for (const one of effective(source)) {
      if (one.kind === 'setting' || one.kind === 'public-dsn') continue
      const value = one.variable.written.reveal()
      const before = seen.get(one.variable.name)
      if (before === undefined) seen.set(one.variable.name, { value, files: [source.file], differ: false })
      else {
        before.files.push(source.file)
        before.differ ||= before.value !== value
      }
    }
  }
  return [...seen].filter(([, one]) => one.differ).map(([name, one]) => ({ name, files: one.files }))
}

/** What the inventory shall be. Pure: nothing is read, nothing is written. */
export function propose(sources: readonly EnvSource[], ariConf: string | null): Proposal {
  const perFile = sources.map((source) => ({ source, classified: effective(source) }))
  const once = new Map(perFile.flatMap(({ classified }) => classified).map((one) => [one.variable.name, one]))
  const all = [...once.values()]
  const around: Surroundings = { setting: (name) => settingOf(once.get(name)), ariConf }
  const taken = new Set<string>()
  const named = groupSecrets(all.filter((one) => one.kind === 'identifier' || one.state !== 'reference')).map((group) => ({
    group,
    name: takeName(Object.keys(group.env), taken),
  }))
  const templated = templateUrls(named)
  const urls = new Map(templated.map((one) => [one.variable, one]))
  const secrets = named
    .filter(({ group }) => !group.members.every((one) => urls.has(one.variable.name)))
    .map(({ group, name }) => proposed(group, name, perFile, around))
  return {
    secrets,
    outputs: perFile.map(({ source, classified }) => outputOf(source, classified, secrets, urls)),
    classified: all,
    remarks: remarksOn(sources, all, urls),
  }
}

/** The last assignment of every name: the one that counts. */
const effective = (source: EnvSource): readonly Classified[] => classify(source.variables.filter((variable) => !variable.duplicate))

const settingOf = (one: Classified | undefined): string | null =>
  one !== undefined && (one.kind === 'setting' || one.kind === 'identifier') && one.state === 'given' ? one.variable.value.reveal() : null

type PerFile = readonly { readonly source: EnvSource; readonly classified: readonly Classified[] }[]

function proposed(group: Group, name: string, perFile: PerFile, around: Surroundings): ProposedSecret {
  const variables = Object.keys(group.env)
  const holding = perFile.filter(({ classified }) => classified.some((one) => variables.includes(one.variable.name))).map(({ source }) => source)
  const without = group.members.find((one) => one.state !== 'given')
  const fields = (): Sensitive<Fields> =>
    new Box(Object.fromEntries(group.members.map((one) => [group.env[one.variable.name] as string, one.variable.value.reveal()])))
  return {
    name,
    env: group.env,
    files: holding.map((source) => source.file),
    fields: without === undefined ? fields() : null,
    missing: without === undefined ? null : without.state === 'placeholder' ? 'placeholder' : 'empty',
    rotator: chooseRotator(group, around),
    bornAt: Math.min(...holding.map((source) => source.changedAt)),
    source: 'file',
    confidence: Math.min(...group.members.map((one) => one.confidence)),
  }
}

function outputOf(
  source: EnvSource,
  classified: readonly Classified[],
  secrets: readonly ProposedSecret[],
  urls: ReadonlyMap<string, Templated>,
): ProposedOutput {
  const here = new Set(classified.map((one) => one.variable.name))
  const vars = Object.fromEntries([...urls.values()].filter((one) => here.has(one.variable)).map((one) => [one.variable, one.template]))
  const held = secrets.filter((secret) => secret.files.includes(source.file))
  return {
    file: source.file,
    ...(source.dialect !== 'compose' && { dialect: source.dialect }),
    only: held.length === secrets.length ? null : held.map((secret) => secret.name),
    vars,
  }
}

/** What a person should know of the files, without any value. */
function remarksOn(sources: readonly EnvSource[], all: readonly Classified[], urls: ReadonlyMap<string, Templated>): readonly string[] {
  const remarks: string[] = sources.flatMap((source) => source.notes)
  for (const { file, variables } of sources) {
    const lines = new Map<string, number[]>()
    for (const one of variables) lines.set(one.name, [...(lines.get(one.name) ?? []), one.line])
    for (const [name, at] of lines)
      if (at.length > 1)
        remarks.push(`${name} is assigned ${at.length} times in ${file} (lines ${at.join(', ')}); readers take the last, and that one is meant here`)
    const swallowed = variables.filter((one) => one.swallowed).map((one) => one.name)
    if (swallowed.length > 0) remarks.push(`${file}: Compose takes the comment behind ${list(swallowed)} for the value; put the comment on a line of its own`)
  }
  const names = (test: (one: Classified) => boolean): string[] => all.filter(test).map((one) => one.variable.name)
  const placeholders = names((one) => one.state === 'placeholder' && one.kind !== 'setting' && one.kind !== 'identifier')
  if (placeholders.length > 0) remarks.push(`${list(placeholders)}: only a placeholder stands there; declared, not imported`)
  const references = names((one) => one.state === 'reference' && (one.kind === 'secret' || one.kind === 'data-key' || one.kind === 'dsn'))
  if (references.length > 0) remarks.push(`${list(references)}: made from other variables; left as written`)
  const verifiers = names((one) => one.kind === 'verifier')
  if (verifiers.length > 0) remarks.push(`${list(verifiers)}: the hash of a password; the password itself is not here`)
  const made = [...urls.keys()]
  if (made.length > 0) remarks.push(`${list(made)}: the password inside is that of another variable; made from it from now on`)
  return remarks
}

const list = (names: readonly string[]): string => names.join(', ')
