import { scrubbedLine } from '../../scrub.ts'
import { Sensitive } from '../../sensitive.ts'
import type { Json } from '../../terms.ts'

/** A message of a user's program, fit to be shown: one line, not too long, and without any text that stood in what it was given or gave back. */
export function hideValues(message: string, question: Sensitive<Json>, answer: Json | object): string {
  const given = question.reveal() as { readonly [key: string]: Json | undefined }
  const values = [given.current, given.version, given.given, given.admin, (answer as { fields?: Json }).fields ?? null].flatMap((part) => textsIn(part ?? null))
  return scrubbedLine(
    message,
    values.map((value) => new Sensitive(value)),
  )
}

function textsIn(value: Json): readonly string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap((part) => textsIn(part ?? null))
}
