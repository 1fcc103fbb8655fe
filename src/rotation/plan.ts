import { formatDuration } from '../inventory/duration.ts'
import { signedWith } from '../inventory/names.ts'
import { listsBoth, parseTemplate } from '../inventory/template.ts'
import type { Effect } from '../ports.ts'
import type { ConsumerSpec, Output, Secret } from '../terms.ts'
import { parseParams, rotatorOf } from './context.ts'
import type { Engine } from './engine.ts'
import { gateOf, outputsOf } from './gate.ts'
import { paramsOf } from './guided.ts'
import { PROBATION_MS } from './health.ts'
import { snapshotOf } from './open.ts'

/** What a rotation of one secret will do and touch: what `rotate --dry-run` shows. No values, and nothing is read but the inventory. */
export interface Plan {
  readonly name: string
  readonly rotator: string
  readonly steps: readonly string[]
  readonly overlap: 'overlap' | 'gap' | 'none'
  readonly files: readonly { readonly host: string; readonly file: string; readonly variables: readonly string[]; readonly consumers: readonly string[] }[]
  /** What happens to each consumer, in the order of the files. */
  readonly refreshes: readonly { readonly host: string; readonly file: string; readonly consumer: string; readonly effect: Effect }[]
  /** When some of those that use it have a value that others refuse, in words; `null`: never. */
  readonly gap: string | null
  /** What people lose, by variable: whatever is signed with the old value is refused. */
  readonly logsOut: readonly { readonly variable: string; readonly why: string }[]
  readonly remarks: readonly string[]
  /** A person has to give the value. */
  readonly guided: boolean
  /** Why it is never rotated; `null`: it is. */
  readonly never: string | null
}

/** Plans one secret. Repeatable; changes nothing. */
export function planOf(engine: Engine, secret: Secret): Plan {
  const rotator = rotatorOf(engine, secret.rotator.kind)
  const params = parseParams(rotator, paramsOf(secret))
  const inventory = engine.inventory()
  const snapshot = snapshotOf(engine, secret, gateOf(inventory, secret))
  if (rotator.never) {
    const never = secret.reason ?? rotator.summary
    return {
      name: secret.name,
      rotator: rotator.name,
      steps: [],
      overlap: 'none',
      files: [],
      refreshes: [],
      gap: null,
      logsOut: [],
      remarks: [],
      guided: false,
      never,
    }
  }
  const outputs = outputsOf(inventory, secret)
  const refreshed = outputs.some((o) => o.consumers.length > 0)
  const files = outputs.map((o) => ({
    host: o.host,
    file: o.file,
    variables: [
      ...(o.only === null || o.only.includes(secret.name) ? Object.keys(secret.env) : []),
      ...Object.entries(o.vars).flatMap(([name, template]) => (parseTemplate(template).secrets.includes(secret.name) ? [name] : [])),
    ],
    consumers: o.consumers.map((c) => describe(engine, c)),
  }))
  const lists = snapshot.both ? outputs.flatMap((o) => Object.keys(o.vars).filter((name) => listsBoth(o.vars[name] ?? '', secret.name))) : []
  const overlap = !snapshot.revokes && !snapshot.both ? 'none' : snapshot.overlap ? 'overlap' : 'gap'
  return {
    name: secret.name,
    rotator: `${rotator.name}: ${rotator.summary}`,
    steps: [
      'create',
      ...(snapshot.sets ? ['set'] : []),
      'test',
      'promote',
      ...(outputs.length > 0 ? ['write'] : []),
      ...(refreshed ? ['refresh', 'prove'] : []),
      ...(overlap === 'overlap' ? ['grace', ...(refreshed ? ['prove again'] : [])] : []),
      'revoke',
    ],
    overlap,
    files,
    refreshes: outputs.flatMap((o) => o.consumers.map((c) => ({ host: o.host, file: o.file, consumer: c.key, effect: effectOf(engine, c) }))),
    gap: gapOf(outputs, overlap, rotator.guide !== undefined),
    logsOut: Object.keys(secret.env).flatMap((variable) => {
      const why = signedWith(variable)
      const until = lists.length === 0 ? '' : `; not before the grace is over for what reads ${lists.join(', ')}`
      return why === null ? [] : [{ variable, why: `${why}${until}` }]
    }),
    remarks: [
      ...(lists.length > 0 && !snapshot.revokes ? [] : (rotator.plan?.(params) ?? [])),
      ...listRemark(lists),
      ...holdRemark(outputs, overlap),
      ...hostRemark(engine, outputs),
    ],
    guided: rotator.guide !== undefined,
    never: null,
  }
}

function describe(engine: Engine, { kind, params: given, key, probationMs = PROBATION_MS }: ConsumerSpec): string {
  const consumer = engine.consumers.get(kind)
  const params = consumer?.params.safeParse(given)
  if (!consumer || !params?.success) return `${key}: not available, so nothing can be proved: the old value is held`
  const watched = consumer.health && (consumer.tells?.(params.data) ?? true) ? `; watched for ${formatDuration(probationMs)}, goes back if it falls ill` : ''
  return `${key}: ${consumer.describe(params.data)}${consumer.proves(params.data) ? ', then proves what it holds' : ', and cannot prove anything'}${watched}`
}

function effectOf(engine: Engine, { kind, params: given }: ConsumerSpec): Effect {
  const consumer = engine.consumers.get(kind)
  const params = consumer?.params.safeParse(given)
  return (params?.success && consumer?.effect?.(params.data)) || 'command'
}

/** What cannot overlap: the old value is dead before everybody has the new one, or those that share it change one after the other. */
function gapOf(outputs: readonly Output[], overlap: Plan['overlap'], guided: boolean): string | null {
  const consumers = outputs.flatMap((o) => o.consumers).length
  if (overlap === 'gap')
    return consumers > 0
      ? 'from "set" on a consumer is refused until it was refreshed'
      : 'from "set" on whatever reads the file is refused until you restart it: no consumer is declared'
  if (overlap === 'overlap' || guided || consumers < 2) return null
  return 'the consumers change one after the other: until the last one has, they refuse one another where they share this value'
}

function listRemark(lists: readonly string[]): readonly string[] {
  if (lists.length === 0) return []
  return [
    `${lists.join(', ')} ${lists.length === 1 ? 'lists' : 'list'} new and old, until the grace is over and proved; then the old one is taken out and the consumers are refreshed once more`,
  ]
}

/** What is missing on another machine shows there alone. */
function hostRemark(engine: Engine, outputs: readonly Output[]): readonly string[] {
  const others = [...new Set(outputs.filter((o) => o.consumers.length > 0 && o.host !== engine.host).map((o) => o.host))]
  return others.map((host) => `what consumers on ${host} need is not looked at from here: run "secrets doctor" there`)
}

function holdRemark(outputs: readonly { readonly consumers: readonly unknown[]; readonly unproven: string }[], overlap: Plan['overlap']): readonly string[] {
  if (overlap !== 'overlap' || outputs.every((o) => o.consumers.length > 0 || o.unproven === 'grace')) return []
  return ['an output has no consumer: the old value is held until you say "secrets approve NAME", since nothing can prove what runs']
}
