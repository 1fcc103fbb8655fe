import * as z from 'zod'
import { KeyturnError } from '../../errors.ts'
import type { Sensitive } from '../../sensitive.ts'
import type { Json, Millis } from '../../terms.ts'
import { hideValues } from './hide.ts'
import { type ProgramRun, runProgram } from './run.ts'

/** One question to a user's program, and its answer. */

export interface Question {
  readonly argv: readonly string[]
  readonly verb: string
  /** Written to stdin. */
  readonly question: Sensitive<Json>
  readonly dir: string
  readonly env: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

const message = z.string().max(2000).optional()
const instant = z.iso
  .datetime({ offset: true })
  .transform((text) => Date.parse(text))
  .optional()
const accepted = z.strictObject({
  ok: z.literal(true),
  fields: z.record(z.string(), z.string()).optional(),
  id: z.json().optional(),
  ids: z.array(z.json()).optional(),
  created_at: instant,
  last_used_at: instant,
  expires_at: instant,
  restricted: message,
  note: message,
})
const answerSchema = z.union([
  accepted,
  z.strictObject({ rejected: z.literal(true), message }),
  z.strictObject({ admin_rejected: z.literal(true), message }),
  z.strictObject({ unavailable: z.literal(true), message }),
  z.strictObject({ config: z.literal(true), message }),
  z.strictObject({ needs_person: z.literal(true), message }),
])

export interface Answer {
  readonly fields?: Readonly<Record<string, string>>
  readonly id?: Json
  readonly ids?: readonly Json[]
  readonly createdAt?: Millis
  readonly lastUsedAt?: Millis
  readonly expiresAt?: Millis
  readonly restricted?: string
  readonly note?: string
}

/**
 * Runs the program once. Only an answer of the contract, given with exit status 0, decides anything:
 *
 * - `rejected` CREDENTIAL_REJECTED, `admin_rejected` ADMIN_REJECTED, `unavailable` PROVIDER_UNAVAILABLE, `config` PROVIDER_CONFIG,
 *   `needs_person` NEEDS_PERSON
 * - anything else, also a time-out, another exit status, too much output: COMMAND_FAILED, which is tried again and decides nothing
 *
 * What the program prints never gets into an error, but for `message`, with all values of the question taken out of it.
 */
export async function askProgram(question: Question): Promise<Answer> {
  const run = await runProgram({ ...question, input: JSON.stringify(question.question.reveal()) })
  const who = `command: ${question.argv.join(' ')}`
  const failed = (what: string): KeyturnError => new KeyturnError('COMMAND_FAILED', `${who}: ${what} (verb "${question.verb}")`, hintFor(run))
  if (run.problem !== null) throw failed(run.problem)
  if (run.code !== 0) throw failed(`ended with ${run.code === null ? `signal ${run.signal}` : `status ${run.code}`}`)

  const answer = answerSchema.safeParse(parse(run.stdout))
  if (!answer.success) throw failed(`printed no answer of the contract: ${describe(run.stdout)}`)
  const { data } = answer
  const clean = (text: string | undefined): string | undefined => (text === undefined ? undefined : hideValues(text, question.question, data))
  if ('ok' in data) {
    const { created_at: createdAt, last_used_at: lastUsedAt, expires_at: expiresAt, ...rest } = data
    return withoutAbsent({ ...rest, createdAt, lastUsedAt, expiresAt, restricted: clean(data.restricted), note: clean(data.note) })
  }
  const said = clean(data.message) ?? `the program says so (verb "${question.verb}")`
  if ('rejected' in data) throw new KeyturnError('CREDENTIAL_REJECTED', `${who}: ${said}`)
  if ('admin_rejected' in data) throw new KeyturnError('ADMIN_REJECTED', `${who}: ${said}`)
  if ('config' in data) throw new KeyturnError('PROVIDER_CONFIG', `${who}: ${said}`)
  if ('needs_person' in data) throw new KeyturnError('NEEDS_PERSON', `${who}: ${said}`)
  throw new KeyturnError('PROVIDER_UNAVAILABLE', `${who}: ${said}`)
}

/** `undefined` is no answer: with exact optional properties it has to go. */
const withoutAbsent = (answer: { [Key in keyof Answer]: Answer[Key] | undefined }): Answer =>
  Object.fromEntries(Object.entries(answer).filter(([, value]) => value !== undefined))

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Enough to find the fault by, and nothing of the text itself: it may hold a value. */
function describe(text: string): string {
  if (text.trim() === '') return 'nothing on stdout'
  const value = parse(text)
  if (value === undefined) return `${text.length} characters that are no JSON`
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'JSON, but no object'
  const known = [...Object.keys(accepted.shape), 'rejected', 'admin_rejected', 'unavailable', 'config', 'needs_person', 'message']
  const keys = Object.keys(value).map((key) => (known.includes(key) ? key : '(unknown key)'))
  return `an object with ${keys.length === 0 ? 'no keys' : [...new Set(keys)].join(', ')}`
}

const hintFor = (run: ProgramRun): { hint: string } => ({
  hint: `Run it by hand with the same input; docs/rotators/command.md has the contract.${
    run.stderrBytes > 0 ? ` It wrote ${run.stderrBytes} bytes to stderr, which are not shown: they could hold a value.` : ''
  }`,
})
