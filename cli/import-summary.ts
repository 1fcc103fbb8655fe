import type { ImportPlan } from '../src/inventory/import/plan.ts'

/** What `secrets init` tells a person before it does anything. No value is in it. */

/** Names are listed up to this many; then they are counted. */
const LISTED = 6

/** `server`: where the values go, if not into the embedded store. */
export function summary(plan: ImportPlan, server: string | null = null): string {
  const { secrets } = plan.proposal
  const groups = [
    ['automatic', secrets.filter(({ rotator }) => rotator.kind === 'random' || rotator.kind === 'asterisk-ari'), ''],
    ['guided', secrets.filter(({ rotator }) => rotator.kind === 'manual'), ' (you make the new one)'],
  ] as const
  const lines = [counts(plan)]
  for (const [name, members, note] of groups) if (members.length > 0) lines.push(`  ${name.padEnd(11)} ${listed(members.map((one) => one.name))}${note}`)
  secrets
    .filter(({ rotator }) => rotator.kind === 'none')
    .forEach((one, at) => {
      lines.push(`  ${(at === 0 ? 'never' : '').padEnd(11)} ${one.name}: ${one.rotator.reason}`)
    })
  const without = secrets.filter((one) => one.fields === null)
  if (without.length > 0) lines.push(`  ${'no value'.padEnd(11)} ${listed(without.map((one) => one.name))} (declared, nothing to store)`)
  for (const { variable, reason } of plan.weak) lines.push(`Weak: ${variable} ${predicate(reason)}.`)
  for (const remark of plan.remarks) lines.push(`Note: ${remark}.`)
  lines.push(`Will create ${nameOf(plan)}${ignoreNotice(plan)}.`)
  if (server !== null) lines.push(`The values, and a copy of the files as they are now, go to the store main: ${server}.`)
  lines.push(
    `${plan.originals.map((one) => one.file).join(', ')} ${plan.originals.length === 1 ? 'is' : 'are'} not touched. Undo: secrets eject${server === null ? '' : ' --no-backup'}`,
  )
  return lines.join('\n')
}

function counts(plan: ImportPlan): string {
  const { classified, secrets } = plan.proposal
  const held = new Set(secrets.flatMap(({ env }) => Object.keys(env)))
  const made = new Set(plan.proposal.outputs.flatMap(({ vars }) => Object.keys(vars)))
  const secret = classified.filter((one) => (held.has(one.variable.name) && one.kind !== 'identifier') || made.has(one.variable.name)).length
  const files = plan.originals.map((one) => one.file).join(', ')
  return `${files}: ${many(classified.length, 'variable')}, ${many(secret, 'secret')}, ${many(classified.length - secret, 'setting')} (settings stay where they are)`
}

const many = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`

function listed(names: readonly string[]): string {
  if (names.length <= LISTED) return names.join(', ')
  return `${names.slice(0, LISTED - 1).join(', ')} and ${names.length - LISTED + 1} more`
}

/** Reasons are noun phrases, some with their article, or what is there of what is asked for. */
function predicate(reason: string): string {
  if (/ of \d+ /.test(reason)) return `has ${reason}`
  if (/^(an?|the|one) /.test(reason)) return `is ${reason}`
  return /s$|^names of /.test(reason) ? `is made of ${reason}` : `is a ${reason}`
}

/** `, add 2 lines to .gitignore and 2 to .dockerignore` */
function ignoreNotice(plan: ImportPlan): string {
  const parts = plan.ignores.map(
    (change, at) => `${at === 0 ? `add ${many(change.added.length, 'line')}` : change.added.length} to ${pathIn(plan, change.path)}`,
  )
  if (parts.length === 0) return ''
  return parts.length === 1 ? ` and ${parts[0]}` : `, ${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
}

export const nameOf = (plan: ImportPlan): string => pathIn(plan, plan.inventoryFile)

/** As a person in the folder of the inventory would name it. */
export const pathIn = (plan: ImportPlan, file: string): string => (file.startsWith(`${plan.dir}/`) ? file.slice(plan.dir.length + 1) : file)

/** For programs: `keyturn/init@1`. */
export const documentOf = (plan: ImportPlan, done: { readonly id: string; readonly imported: number; readonly recovery: string } | null): unknown => ({
  schema: 'keyturn/init@1',
  written: done !== null,
  inventory: plan.inventoryFile,
  ...(done !== null && { id: done.id, imported: done.imported, recoveryKey: done.recovery }),
  secrets: plan.proposal.secrets.map(({ name, env, rotator, missing, confidence }) => ({
    name,
    env,
    rotator: rotator.kind,
    reason: rotator.reason,
    missing,
    confidence,
  })),
  outputs: plan.proposal.outputs.map(({ file, dialect = 'compose', consumers = [] }) => ({ file, dialect, consumers })),
  variables: plan.proposal.classified.map(({ variable, kind, state, confidence, why }) => ({
    name: variable.name,
    line: variable.line,
    kind,
    state,
    confidence,
    why,
  })),
  weak: plan.weak,
  ignores: plan.ignores.map(({ path, added }) => ({ path, added })),
  remarks: plan.remarks,
})
