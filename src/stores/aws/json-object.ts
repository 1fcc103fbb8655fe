/**
 * A JSON object as it is written: entries in their order with the text of each, so that one value can be replaced and every other
 * byte stays: numbers longer than a double, duplicates, keys such as `__proto__` or `1`, and layout.
 */
export interface Entry {
  readonly name: string
  /** Space before the key. */
  readonly lead: string
  /** The key as it is written, and what stands between it and the value. */
  readonly key: string
  /** The value as it is written. */
  readonly value: string
  /** Space after the value. */
  readonly tail: string
}

/** The entries of a JSON object; `null` for any other text. */
export function readObject(text: string): readonly Entry[] | null {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return null
  // It is well-formed, so that from here on only the ends of the pieces are looked for.
  let at = text.indexOf('{') + 1
  const take = (end: number): string => {
    const piece = text.slice(at, end)
    at = end
    return piece
  }
  const space = () => take(endOf(/[ \t\n\r]*/y, text, at))
  const entries: Entry[] = []
  for (;;) {
    const lead = space()
    if (text[at] !== '"') return entries
    const quoted = take(endOf(STRING, text, at))
    const key = quoted + take(endOf(/[ \t\n\r]*:[ \t\n\r]*/y, text, at))
    const value = take(endOfValue(text, at))
    entries.push({ name: JSON.parse(quoted) as string, lead, key, value, tail: space() })
    if (text[at] !== ',') return entries
    at += 1
  }
}

/** The text of entries. */
export const writeObject = (entries: readonly Entry[]): string => `{${entries.map(({ lead, key, value, tail }) => lead + key + value + tail).join(',')}}`

/** With a value replaced (the last one of that name, which is the one that readers see), or appended in the layout of the others. */
export function withValue(entries: readonly Entry[], name: string, value: string): readonly Entry[] {
  const index = entries.findLastIndex((entry) => entry.name === name)
  if (index !== -1) return entries.with(index, { ...(entries[index] as Entry), value })
  const last = entries.at(-1)
  const gap = last && /:([ \t\n\r]*)$/.exec(last.key)?.[1]
  const added: Entry = { name, lead: last?.lead ?? '', key: `${JSON.stringify(name)}:${gap ?? ''}`, value, tail: last?.tail ?? '' }
  return last ? [...entries.slice(0, -1), { ...last, tail: '' }, added] : [added]
}

/** Without the entries of these names. */
export function withoutNames(entries: readonly Entry[], names: readonly string[]): readonly Entry[] {
  const left = entries.filter(({ name }) => !names.includes(name))
  const [last, former] = [left.at(-1), entries.at(-1)]
  return last && former && last !== former ? [...left.slice(0, -1), { ...last, tail: former.tail }] : left
}

const STRING = /"(?:[^"\\]|\\.)*"/y

function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  pattern.test(text)
  return pattern.lastIndex
}

function endOfValue(text: string, start: number): number {
  if (text[start] === '"') return endOf(STRING, text, start)
  if (text[start] !== '{' && text[start] !== '[') return endOf(/[^,}\] \t\n\r]*/y, text, start)
  let depth = 0
  for (let at = start; ; ) {
    const char = text[at]
    if (char === '"') {
      at = endOf(STRING, text, at)
      continue
    }
    if (char === '{' || char === '[') depth += 1
    if (char === '}' || char === ']') depth -= 1
    at += 1
    if (depth === 0) return at
  }
}
