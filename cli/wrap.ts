import type { Output } from './output.ts'

/** Narrower than this nothing is gained by breaking. */
const NARROWEST = 40

/**
 * Breaks long lines between words for a terminal of this many columns. What follows hangs below the text: behind the label of
 * `  note       ...`, else two columns in. What stands in double quotes stays together, so that a command in it can be copied.
 */
export function wrap(text: string, width: number): string {
  return text
    .split('\n')
    .map((line) => (line.length <= width || width < NARROWEST ? line : wrapLine(line, width)))
    .join('\n')
}

function wrapLine(line: string, width: number): string {
  const indent = /^ */.exec(line)?.[0].length ?? 0
  const label = /^ *\S+(?: \S+)* {2,}(?=\S)/.exec(line)?.[0].length
  const hang = label !== undefined && label <= width / 2 ? label : indent + 2
  const words = line.slice(indent).match(/ *(?:[^\s"]*"[^"]*"[^\s"]*|\S+)/g) ?? []
  const lines: string[] = []
  let current = ' '.repeat(indent)
  for (const word of words) {
    const bare = word.trimStart()
    if (current.trim() !== '' && current.length + word.length > width) {
      lines.push(current)
      current = ' '.repeat(hang) + bare
    } else current += word
  }
  return [...lines, current].join('\n')
}

/** {@link wrap} where a person reads it; what goes to a file or another program stays in whole lines. */
export const fitted = ({ terminal, width }: Pick<Output, 'terminal' | 'width'>, text: string): string => (terminal ? wrap(text, width) : text)
