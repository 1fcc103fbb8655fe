import type { Plan } from '../src/rotation/plan.ts'

const OVERLAP = {
  overlap: 'old and new overlap: no outage',
  gap: 'no overlap: the old value dies when the new one is set',
  none: 'nothing at a provider changes',
  given: 'the old value ends when you change it at the provider',
} as const

/** What a rotation would do, for people: a line for each thing that happens. */
export function planText(plan: Plan): string {
  if (plan.never !== null) return `${plan.name}  never rotated: ${plan.never}`
  const files = plan.files.flatMap((f) => [`  writes     ${f.file} on ${f.host} (${f.variables.join(', ')})`, ...f.consumers.map((c) => `  refreshes  ${c}`)])
  return [
    `${plan.name}  ${plan.rotator}`,
    `  steps      ${plan.steps.join(' > ')}`,
    `  overlap    ${OVERLAP[plan.guided && plan.overlap === 'none' ? 'given' : plan.overlap]}`,
    ...files,
    ...plan.remarks.map((r) => `  note       ${r}`),
  ].join('\n')
}
