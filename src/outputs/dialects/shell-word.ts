/** Where the shell word that starts at `at` ends; -1 for a quote or bracket that is never closed. */
export function wordEnd(text: string, at: number): number {
  let i = at
  while (i < text.length) {
    const char = text[i] as string
    if (/[ \t\n;&|<>()]/.test(char)) return i
    const next = pieceEnd(text, i)
    if (next < 0) return -1
    i = next
  }
  return i
}

function pieceEnd(text: string, at: number): number {
  const char = text[at]
  if (char === '\\') return Math.min(at + 2, text.length)
  if (char === "'") return after(text.indexOf("'", at + 1))
  if (char === '"') return doubleEnd(text, at)
  if (char === '`') return closing(text, at, '`')
  if (char === '$' && text[at + 1] === '(') return nested(text, at + 1, '(', ')')
  if (char === '$' && text[at + 1] === '{') return nested(text, at + 1, '{', '}')
  if (char === '$' && text[at + 1] === "'") return closing(text, at + 1, "'")
  return at + 1
}

const after = (found: number): number => (found < 0 ? -1 : found + 1)

function closing(text: string, at: number, quote: string): number {
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === quote) return i + 1
  }
  return -1
}

function doubleEnd(text: string, at: number): number {
  for (let i = at + 1; i < text.length; ) {
    const char = text[i]
    if (char === '"') return i + 1
    // A single quote is data inside double ones; everything else that nests, nests.
    const next = char === "'" ? i + 1 : pieceEnd(text, i)
    if (next < 0) return -1
    i = next
  }
  return -1
}

function nested(text: string, at: number, open: string, close: string): number {
  let depth = 0
  for (let i = at; i < text.length; ) {
    if (text[i] === open) depth++
    if (text[i] === close && --depth === 0) return i + 1
    const next = text[i] === open || text[i] === close ? i + 1 : pieceEnd(text, i)
    if (next < 0) return -1
    i = next
  }
  return -1
}

/**
 * What a shell makes of a word in an assignment, with `$V`, `${V}`, `${V-d}`, `${V:-d}` resolved from the file. `null` where
 * that needs a shell: commands, arithmetic, a home folder, other expansions.
 */
export function readWord(word: string, known: ReadonlyMap<string, string>): string | null {
  let out = ''
  let colon = true
  for (let at = 0; at < word.length; ) {
    const char = word[at] as string
    if (char === '~' && colon) return null
    const end = pieceEnd(word, at)
    if (end < 0) return null
    const piece = readPiece(word.slice(at, end), known)
    const reference = char === '$' ? readReference(word, at, known) : null
    if (reference) {
      out += reference.value
      at = reference.end
    } else if (piece === null) return null
    else {
      out += piece
      at = end
    }
    colon = char === ':'
  }
  return out
}

function readPiece(piece: string, known: ReadonlyMap<string, string>): string | null {
  if (piece.startsWith("'")) return piece.slice(1, -1)
  if (piece.startsWith('\\')) return piece === '\\\n' ? '' : piece.slice(1)
  if (piece.startsWith('"')) return readDouble(piece.slice(1, -1), known)
  if (piece.startsWith('`') || piece.startsWith('$')) return piece === '$' ? '$' : null
  return piece
}

function readDouble(inside: string, known: ReadonlyMap<string, string>): string | null {
  let out = ''
  for (let at = 0; at < inside.length; ) {
    const char = inside[at] as string
    const next = inside[at + 1]
    if (char === '\\' && next !== undefined) {
      out += '"\\$`'.includes(next) ? next : next === '\n' ? '' : char + next
      at += 2
    } else if (char === '`') return null
    else if (char === '$' && next !== undefined && /[A-Za-z0-9_{(@*#?!$-]/.test(next)) {
      const reference = readReference(inside, at, known)
      if (!reference) return null
      out += reference.value
      at = reference.end
    } else {
      out += char
      at++
    }
  }
  return out
}

function readReference(text: string, at: number, known: ReadonlyMap<string, string>): { readonly value: string; readonly end: number } | null {
  const plain = /\$([A-Za-z_][A-Za-z0-9_]*)/y
  plain.lastIndex = at
  const name = plain.exec(text)?.[1]
  if (name !== undefined) return { value: known.get(name) ?? '', end: plain.lastIndex }
  const braced = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?-)([^${}'"`\\]*))?\}/y
  braced.lastIndex = at
  const match = braced.exec(text)
  if (!match) {
    const lone = text[at + 1]
    return lone === undefined || !/[A-Za-z0-9_{('"@*#?!$-]/.test(lone) ? { value: '$', end: at + 1 } : null
  }
  const held = known.get(match[1] as string)
  const useDefault = match[2] !== undefined && (held === undefined || (match[2] === ':-' && held === ''))
  return { value: useDefault ? (match[3] as string) : (held ?? ''), end: braced.lastIndex }
}
