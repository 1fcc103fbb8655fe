import type { Sensitive } from '../../sensitive.ts'
import type { Json } from '../../terms.ts'

/** Shorter texts are hidden nowhere: they would be found by chance, and are no secrets that could be kept. */
const SHORTEST = 4
const LONGEST_MESSAGE = 300

/**
 * A message of a user's program, fit to be shown: one line, not too long, and without any text that stood in what it was
 * given or gave back, plain or as base64 or in a URL.
 */
export function hideValues(message: string, question: Sensitive<Json>, answer: Json | object): string {
  const given = question.reveal() as { readonly [key: string]: Json | undefined }
  const values = [given.current, given.version, given.given, given.admin, (answer as { fields?: Json }).fields ?? null].flatMap((part) => textsIn(part ?? null))
  const disguises = values
    .filter((value) => value.length >= SHORTEST)
    .flatMap((value) => [value, encodeURIComponent(value), Buffer.from(value).toString('base64').replace(/=+$/, ''), Buffer.from(value).toString('hex')])
    .sort((a, b) => b.length - a.length)
  const clean = disguises.reduce((text, value) => text.replaceAll(value, '[hidden]'), message)
  const line = clean.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim()
  return line.length > LONGEST_MESSAGE ? `${line.slice(0, LONGEST_MESSAGE)}...` : line
}

function textsIn(value: Json): readonly string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap((part) => textsIn(part ?? null))
}
