import { Sensitive } from '../../sensitive.ts'
import type { Fields } from '../../terms.ts'

/** The fields of a document as others may have written them: with numbers, truth values, nothing, or more JSON in them. */

type Data = Readonly<Record<string, unknown>>

/** As they stand, to be written back: a number keeps its digits, whatever JavaScript can count to. */
export type Exact = Sensitive<Data>

// Both are newer than TypeScript's library.
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }
const parseExactly = (text: string): unknown =>
  JSON.parse(text, ((_: string, value: unknown, { source }: { source?: string }) =>
    typeof value === 'number' && source !== undefined ? rawJSON(source) : value) as Parameters<typeof JSON.parse>[1])

/** The object at `data.data` of an answer (`data` of version 1), read again from its text so that it can be written back without loss. */
export function exactData(text: string, nested: boolean): Exact {
  const { data } = parseExactly(text) as { data: Data }
  return new Sensitive(nested ? (data.data as Data) : data)
}

/** What a reader of env files can take: texts as they are, numbers and truth values as written, lists and objects as JSON. `null` is none. */
export function fieldsOf(plain: Data, exact: () => Exact): Sensitive<Fields> {
  if (Object.values(plain).every((value) => typeof value === 'string')) return new Sensitive(plain as Fields)
  return exact().map((data) => Object.fromEntries(Object.entries(data).flatMap(([name, value]) => (value === null ? [] : [[name, textOf(value)]]))))
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
