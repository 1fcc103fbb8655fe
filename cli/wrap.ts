import type { Pieces } from './output.ts'

/** Narrower than this nothing is gained by breaking. */
const NARROWEST = 40

/**
 * Breaks long lines between words for a terminal of this many columns. What follows hangs below the text: behind the label of
 * `  note       ...`, else two columns in. What stands in double quotes stays together, so that a command in it can be copied.
 */
export function wrap(text: string, width: number): string {
  return text
    .split('\n')
    .map((line) => (lengthOf(line) <= width || width < NARROWEST ? line : wrapLine(line, width)))
    .join('\n')
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours take no room
const COLORS = /\u001b\[[0-9;]*m/g

const lengthOf = (text: string): number => (text.includes('\u001b') ? text.replace(COLORS, '').length : text.length)

function wrapLine(line: string, width: number): string {
  const indent = /^ */.exec(line)?.[0].length ?? 0
  const label = /^ *\S+(?: \S+)* {2,}(?=\S)/.exec(line)?.[0].length
  const hang = label !== undefined && label <= width / 2 ? label : indent + 2
  const words = line.slice(indent).match(/ *(?:[^\s"]*"[^"]*"[^\s"]*|\S+)/g) ?? []
  const lines: string[] = []
  let current = ' '.repeat(indent)
  for (const word of words) {
    const bare = word.trimStart()
    if (current.trim() !== '' && lengthOf(current) + lengthOf(word) > width) {
      lines.push(current)
      current = ' '.repeat(hang) + bare
    } else current += word
  }
  // A question ends in a space.
  return [...lines, current + (/ +$/.exec(line)?.[0] ?? '')].join('\n')
}

/** Where text goes: a terminal and its columns, or anything else. */
export interface Width {
  readonly terminal: boolean
  readonly width: number
}

/** {@link wrap} where a person reads it; what goes to a file or another program stays in whole lines. */
export const fitted = ({ terminal, width }: Width, text: string): string => (terminal ? wrap(text, width) : text)

/** The same for text in pieces, each of whole lines. */
export const fittedPieces = (place: Width, pieces: Pieces): Pieces => (place.terminal ? wrapPieces(place, pieces) : pieces)

async function* wrapPieces(place: Width, pieces: Pieces): AsyncGenerator<string> {
  for await (const piece of pieces) yield fitted(place, piece)
}
