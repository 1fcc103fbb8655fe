import { ERRORS } from '../src/errors.ts'

const STATUS: Readonly<Record<number, string>> = {
  1: 'failed',
  2: 'usage or configuration',
  3: 'findings',
  4: 'some of several rotations failed',
  130: 'interrupted',
}

/** `docs/errors.md`: every code of the table in `src/errors.ts`, with its cause and what mends it. */
export function renderErrors(): string {
  const entries = Object.entries(ERRORS).map(([code, { cause, mend, exitCode, retryable }]) =>
    [
      `## ${code}`,
      '',
      `${cause}`,
      '',
      `**What to do:** ${mend}`,
      '',
      `Exit status ${exitCode} (${STATUS[exitCode]}). ${retryable ? 'Trying again may help; a rotation does so by itself.' : 'Trying again does not help by itself.'}`,
      '',
    ].join('\n'),
  )
  return `<!-- Generated from src/errors.ts by "npm run docs". -->

# Errors

Every error has a code that never changes, a message (what failed, on what, what was seen) and a hint (what to do next). With \`--json\` they
stand in a document \`keyturn/error@1\`. No error ever holds a secret value.

Exit status: 0 done, also when nothing was due; ${Object.entries(STATUS)
    .map(([status, meaning]) => `${status} ${meaning}`)
    .join('; ')}.

${entries.join('\n')}`
}
