import type { Plan } from '../src/rotation/plan.ts'
import type { Held } from '../src/rotation/plan-held.ts'

const OVERLAP = {
  overlap: 'old and new overlap: no outage',
  gap: 'no overlap: the old value dies when the new one is set',
  none: 'nothing at a provider changes',
  given: 'the old value ends when you change it at the provider',
} as const

/** What a rotation would do, for people: a line for each thing that happens. `held`: what would hold it back as things are. */
export function planText(plan: Plan, held: readonly Held[] = []): string {
  if (plan.never !== null) return `${plan.name}  never rotated: ${plan.never}`
  const files = plan.files.flatMap((f) => [`  writes     ${f.file} on ${f.host} (${f.variables.join(', ')})`, ...f.consumers.map((c) => `  refreshes  ${c}`)])
  return [
    `${plan.name}  ${plan.rotator}`,
    `  steps      ${plan.steps.join(' > ')}`,
    `  overlap    ${OVERLAP[plan.guided && plan.overlap === 'none' ? 'given' : plan.overlap]}`,
    ...(plan.gap === null ? [] : [`  gap        ${plan.gap}`]),
    ...files,
    ...plan.logsOut.map(({ variable, why }) => `  logs out   ${variable}: ${why}`),
    ...heldLines(plan, held),
    ...plan.remarks.map((r) => `  note       ${r}`),
  ].join('\n')
}

/** What is missing for several consumers, such as Docker, is said once. */
function heldLines({ name }: Plan, held: readonly Held[]): readonly string[] {
  const reasons = [...new Set(held.map(({ why }) => why))]
  return reasons.map((why) => {
    const consumers = held.filter((one) => one.why === why).map(({ consumer }) => consumer)
    return `  held       ${consumers.join(', ')}: ${why}; waits until that is mended, or you say "secrets approve ${name}"`
  })
}
