import type { Classified, Kind } from '../src/inventory/import/classify.ts'
import type { ImportPlan } from '../src/inventory/import/plan.ts'
import type { ProposedSecret } from '../src/inventory/import/propose.ts'

/** `secrets init --explain`: why each variable was taken for what it is, for a person with two minutes. No value is in it. */

/** Names up to this stand in a column of their own; longer ones push their line out. */
const WIDEST = 34
/** At this there is hardly a doubt; below the second it is a guess, and a person should look. */
const SURE = 0.85
const LIKELY = 0.65

const GROUPS: readonly { readonly title: string; readonly kinds: readonly Kind[] }[] = [
  { title: 'Secrets', kinds: ['secret', 'dsn'] },
  { title: 'Keys of stored data, never replaced', kinds: ['data-key'] },
  { title: 'Hashes of passwords, left in the file', kinds: ['verifier'] },
  { title: 'Names and public halves that go with secrets', kinds: ['identifier'] },
  { title: 'Addresses that are made to be shown', kinds: ['public-dsn'] },
]

/** Why each variable was taken for what it is: one line each for what matters, settings by their reason. */
export function explanation(plan: ImportPlan): string {
  const { classified, secrets } = plan.proposal
  const held = new Map(secrets.flatMap((secret) => Object.keys(secret.env).map((variable): [string, ProposedSecret] => [variable, secret])))
  const made = new Set(plan.proposal.outputs.flatMap(({ vars }) => Object.keys(vars)))
  const width = Math.min(WIDEST, Math.max(0, ...classified.filter((one) => one.kind !== 'setting').map((one) => one.variable.name.length)))
  const groups = GROUPS.flatMap(({ title, kinds }) => {
    const members = classified.filter((one) => kinds.includes(one.kind))
    if (members.length === 0) return []
    const lines = members.map((one) => `  ${one.variable.name.padEnd(width)}  ${sentence(one, held.get(one.variable.name), made.has(one.variable.name))}`)
    return [[`${title}: ${members.length}`, ...lines].join('\n')]
  })
  const settings = classified.filter((one) => one.kind === 'setting')
  return [...groups, ...(settings.length === 0 ? [] : [settingsByReason(settings)])].join('\n\n')
}

function sentence(one: Classified, secret: ProposedSecret | undefined, made: boolean): string {
  const doubt = one.confidence >= SURE ? '' : one.confidence >= LIKELY ? ' (likely)' : ' (a guess: look at it)'
  const becomes = made ? 'made from another secret' : secret === undefined ? '' : secret.fields === null ? `will be ${secret.name}` : `stored as ${secret.name}`
  const parts = [`${one.why}${doubt}`, stateOf(one), becomes].filter((part) => part !== '')
  return parts.join('; ')
}

function stateOf({ state, references }: Classified): string {
  if (state === 'empty') return 'no value yet'
  if (state === 'placeholder') return 'only a placeholder'
  return state === 'reference' ? `made from ${references.join(', ')}` : ''
}

function settingsByReason(settings: readonly Classified[]): string {
  const reasons = new Map<string, string[]>()
  for (const { why, variable } of settings) reasons.set(why, [...(reasons.get(why) ?? []), variable.name])
  const sorted = [...reasons].sort(([, a], [, b]) => b.length - a.length)
  // `the name says port`, one name each: a line for all of them.
  const alone = sorted.filter(([why, names]) => names.length === 1 && why.startsWith('the name says '))
  const lines = sorted.filter((one) => !alone.includes(one)).map(([why, names]) => `  ${why}: ${names.join(', ')}`)
  if (alone.length > 0) lines.push(`  the last word of the name says it: ${alone.flatMap(([, names]) => names).join(', ')}`)
  return [`Settings, which stay where they are: ${settings.length}`, ...lines].join('\n')
}
