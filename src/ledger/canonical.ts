import type { Actor, Event, Millis, Policy, Recorded } from '../terms.ts'

/** One text for equal data: keys sorted, nothing that JSON does not have. What is hashed and stored is this text. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, sortKeys) ?? 'null'
}

function sortKeys(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  const source = value as Record<string, unknown>
  const keys = Object.keys(source)
  // Most objects of ours are small and many are in order already; only the others are rebuilt.
  if (keys.every((key, at) => at === 0 || (keys[at - 1] as string) < key)) return value
  return Object.fromEntries(keys.sort().map((key) => [key, source[key]]))
}

/** A row of `events` as it is stored: data columns as their canonical text. */
export interface EventRow {
  readonly pos: number
  readonly stream: string
  readonly seq: number
  readonly at: Millis
  readonly event: string
  readonly actor: string
  readonly tool: string
  readonly inventory: string
  readonly policy: string
  readonly prev: string
  readonly hash: string
}

/** A row of `streams` as it is stored. */
export interface StreamRow {
  readonly stream: string
  readonly seq: number
  readonly pos: number
  readonly hash: string
  readonly state: string
}

/**
 * The canonical JSON of an event with its place and its predecessor's hash. Built from the stored texts, so that a changed
 * byte shows even where it would not change what the JSON means.
 */
export const hashedText = (row: Omit<EventRow, 'hash'>): string =>
  `{"actor":${row.actor},"at":${row.at},"event":${row.event},"inventory":${JSON.stringify(row.inventory)},"policy":${row.policy},"pos":${row.pos},` +
  `"prev":${JSON.stringify(row.prev)},"seq":${row.seq},"stream":${JSON.stringify(row.stream)},"tool":${JSON.stringify(row.tool)}}`

/** The event as everybody else knows it. Throws SyntaxError where a column holds no JSON. */
export const toRecorded = (row: EventRow): Recorded => ({
  stream: row.stream,
  seq: row.seq,
  pos: row.pos,
  at: row.at,
  event: JSON.parse(row.event) as Event,
  actor: JSON.parse(row.actor) as Actor,
  tool: row.tool,
  inventory: row.inventory,
  policy: JSON.parse(row.policy) as Policy | null,
  prev: row.prev,
  hash: row.hash,
})
