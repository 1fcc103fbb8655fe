import { parseTemplate } from '../inventory/template.ts'
import {
  type GateOutput,
  type HealthState,
  type HostState,
  type Inventory,
  type Millis,
  type RotationState,
  type Secret,
  type Token,
  UNTAKEN,
} from '../terms.ts'
import { PROBATION_MS, type Trial, trialOf } from './health.ts'
import { consumerKey, isYetToCome, matches } from './host.ts'

/** Something that has not yet been shown to hold the new value. */
export interface Missing {
  readonly host: string
  readonly file: string
  readonly consumer?: string
  readonly why: string
}

/** Which outputs and consumers of the inventory, on all hosts, read this secret. */
export function gateOf(inventory: Inventory, secret: Secret): readonly GateOutput[] {
  return outputsOf(inventory, secret).map((o) => ({
    host: o.host,
    file: o.file,
    unproven: o.unproven,
    consumers: o.consumers.map(({ key, unproven, probationMs }) => ({ key, unproven, ...(probationMs !== undefined && { probationMs }) })),
  }))
}

/** The outputs that hold a variable of this secret, or a template that uses it: `only` says nothing of templates. */
export const outputsOf = (inventory: Inventory, { name, env }: Secret) =>
  inventory.outputs.filter(
    (o) =>
      ((o.only === null || o.only.includes(name)) && Object.keys(env).length > 0) ||
      // Taking templates apart takes time, and most have other names in them.
      Object.values(o.vars).some((template) => template.includes(name) && parseTemplate(template).secrets.includes(name)),
  )

/**
 * The revocation gate is the snapshot taken at the opening plus the present inventory (failure rule 2): a consumer that was
 * added since must prove as well, and one that was taken out of the file may still run.
 */
export function gateFor(r: RotationState, present: readonly GateOutput[]): readonly GateOutput[] {
  const merged = new Map<string, GateOutput>()
  for (const output of [...r.snapshot.gate, ...present]) {
    const key = `${output.host}\0${output.file}`
    const before = merged.get(key)
    const consumers = new Map([...(before?.consumers ?? []), ...output.consumers].map((c) => [c.key, c]))
    merged.set(key, { ...output, consumers: [...consumers.values()] })
  }
  return [...merged.values()]
}

export interface GateQuestion {
  readonly secret: string
  /** The version that everything must hold. */
  readonly token: Token
  readonly now: Millis
  /** Writes and proofs claimed at or before this place in the ledger do not count. */
  readonly afterPos: number
  /** Nor proofs claimed before this time: the last proof must be claimed after the grace ended. */
  readonly afterAt?: number
  /** Consumers whose health can be asked must have passed their probation too. After the grace began nobody asks. */
  readonly health?: boolean
  /** It went back already, and where it went back to is what must be healthy. */
  readonly returned?: boolean
  /** The old value leaked: it may not stand beside the new one either. */
  readonly alone?: boolean
  /** Something at a provider dies afterwards: then an output without any consumer proves nothing. */
  readonly revocable: boolean
}

/** What is still missing before the old value may die; empty: nothing. */
export function missingProofs(gate: readonly GateOutput[], hosts: ReadonlyMap<string, HostState>, question: GateQuestion): readonly Missing[] {
  return gate.flatMap((output) => missingOf(output, hosts.get(output.host), question))
}

/** Names what is missing, for the record of what a person vouched for: a file, or a consumer of it. */
export const missingKey = ({ host, file, consumer }: Missing): string => [host, file, ...(consumer === undefined ? [] : [consumer])].join('\0')

function missingOf(output: GateOutput, host: HostState | undefined, q: GateQuestion): readonly Missing[] {
  const { file } = output
  const written = host?.outputs[file]
  const at = (why: string, consumer?: string): Missing => ({ host: output.host, file, why, ...(consumer !== undefined && { consumer }) })
  const own = Object.values(written?.vars ?? {}).filter((v) => v.from[q.secret] !== undefined)
  if (!written || written.claimPos <= q.afterPos) return [at('not written yet')]
  if (own.some((v) => v.edited)) return [at('a value in it was edited by hand')]
  if (own.length === 0 || own.some((v) => v.from[q.secret] !== q.token)) return [at('holds another version')]
  if (q.alone && own.some((v) => v.former?.[q.secret] !== undefined)) return [at('still lists the old value')]
  // Somebody reads it, or it would not be declared; who, and with what, nobody can say.
  if (q.revocable && output.consumers.length === 0 && output.unproven === 'hold') return [at('no consumer is declared that could prove what runs')]
  if (q.revocable && output.consumers.length > 0 && output.unproven === 'hold') {
    const names = Object.keys(written.vars).filter((name) => written.vars[name]?.from[q.secret] !== undefined)
    const proofs = output.consumers.map(({ key }) => host?.consumers[consumerKey(file, key)]?.proof?.vars ?? {})
    if (proofs.every((vars) => names.every((name) => vars[name] === UNTAKEN))) return [at('no consumer of it takes this variable, so none can prove what runs')]
  }
  return output.consumers.flatMap(({ key, unproven, probationMs }) => {
    const record = host?.consumers[consumerKey(file, key)]
    const trial = q.health ? trialOf(record, written, probationMs ?? PROBATION_MS) : null
    const watched = (): readonly Missing[] => {
      const why = trial && whyHeld(trial, q)
      return why === null ? [] : [at(why, key)]
    }
    if (unproven === 'grace' && !record?.proof) {
      const refreshed = written.changedPos === 0 || (record?.refresh?.claimPos ?? 0) > written.changedPos
      return refreshed ? watched() : [at('not refreshed yet', key)]
    }
    const proof = record?.proof
    if (!proof || proof.claimPos <= q.afterPos || isYetToCome(proof, q.now)) return [at('has not proved yet what it holds', key)]
    if (!matches(written.vars, proof.vars, q.secret)) return [at('still holds another value', key)]
    if (q.afterAt !== undefined && proof.claimAt < q.afterAt) return [at('has to prove once more after the grace', key)]
    return watched()
  })
}

/** What its health still keeps back; `null`: nothing. What was unhealthy before the delivery is not held against the new value. */
function whyHeld({ kind, before, why }: Trial, q: GateQuestion): string | null {
  switch (kind) {
    case 'passed':
      return null
    case 'running':
      return 'is watched for a while, whether it stays healthy'
    case 'silent':
      return `its health cannot be told: ${why}`
    case 'failed':
      return before === 'unhealthy' && !q.returned ? null : `is not healthy: ${why}`
  }
}

/** A consumer that is not healthy since a delivery, by the end of what it was given to become so. */
export interface Illness extends Missing {
  readonly consumer: string
  /** How it was before the delivery. */
  readonly before: HealthState
}

/** Who is not healthy on the version asked for, which it was given. One that takes none of its variables cannot be ill of it. */
export function illnesses(gate: readonly GateOutput[], hosts: ReadonlyMap<string, HostState>, q: GateQuestion): readonly Illness[] {
  return gate.flatMap(({ host: name, file, consumers }) => {
    const host = hosts.get(name)
    const written = host?.outputs[file]
    const own = Object.entries(written?.vars ?? {}).filter(([, v]) => v.from[q.secret] !== undefined)
    if (!written || written.claimPos <= q.afterPos || own.length === 0 || own.some(([, v]) => v.edited || v.from[q.secret] !== q.token)) return []
    return consumers.flatMap(({ key, probationMs }) => {
      const record = host?.consumers[consumerKey(file, key)]
      const trial = trialOf(record, written, probationMs ?? PROBATION_MS)
      // Nobody waits for its verdict once the former value leaked: then it is named as it was seen.
      const isIll = trial?.kind === 'failed' || (!q.health && trial?.state === 'unhealthy')
      if (!trial || !isIll || own.every(([variable]) => record?.proof?.vars[variable] === UNTAKEN)) return []
      return [{ host: name, file, consumer: key, why: trial.why, before: trial.before }]
    })
  })
}
