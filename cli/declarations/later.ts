import type { CommandDeclaration } from '../declare.ts'

const later = (name: string, summary: string): CommandDeclaration => ({
  name,
  operands: '[ARGUMENT...]',
  summary,
  options: [],
  examples: [],
  later: true,
})

/** Commands that this version does not have: they say so, and do nothing. */
export const LATER: readonly CommandDeclaration[] = [
  later('timer', 'a systemd timer or cron line that keeps secrets young'),
  later('worker', 'the queue worker'),
  later('jobs', "the worker's queue"),
  later('serve', 'a read-only dashboard'),
  later('migrate', 'move between stores and ledgers'),
]
