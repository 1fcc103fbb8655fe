/** Where a member of the top-level object stands in its text. */
export interface Member {
  readonly name: string
  /** Behind the brace or comma before it. */
  readonly gapStart: number
  readonly nameStart: number
  /** Its value, from here ... */
  readonly start: number
  /** ... to before here. */
  readonly end: number
}

/** The members of the top-level object of a text that is known to be JSON; `close` is where its last brace stands. `null`: no object. */
export function scanObject(text: string): { readonly members: readonly Member[]; readonly close: number } | null {
  let at = skipSpace(text, 0)
  if (text[at] !== '{') return null
  const members: Member[] = []
  for (;;) {
    const gapStart = ++at
    at = skipSpace(text, at)
    if (text[at] === '}') return { members, close: at }
    const nameStart = at
    at = stringEnd(text, at)
    const name = JSON.parse(text.slice(nameStart, at)) as string
    const start = skipSpace(text, skipSpace(text, at) + 1)
    const end = valueEnd(text, start)
    members.push({ name, gapStart, nameStart, start, end })
    at = skipSpace(text, end)
    if (text[at] === '}') return { members, close: at }
  }
}

function valueEnd(text: string, start: number): number {
  if (text[start] === '"') return stringEnd(text, start)
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const char = text[at] as string
    if (char === '"') at = stringEnd(text, at) - 1
    else if (char === '{' || char === '[') depth++
    else if (depth === 0 && /[\s,}\]]/.test(char)) return at
    else if ((char === '}' || char === ']') && --depth === 0) return at + 1
  }
  return text.length
}

function stringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at + 1
  }
  return text.length
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (at < text.length && /[ \t\r\n]/.test(text[at] as string)) at++
  return at
}
