import type { LineSyntax } from '../lines.ts'
import { unreadable } from '../text.ts'
import { type Binding, defineDialect, rawForm } from './define.ts'
import { readWord, wordEnd } from './shell-word.ts'

/**
 * A file that `set -a; . FILE` reads (bash, dash). Lines that are one assignment, with or without `export`, are understood;
 * all else is code, which is kept and never run here. Where a value depends on code (`$(...)`, backquotes, a tilde), its
 * text as written stands for the value: it equals nothing that we would write, and so is never overwritten silently.
 *
 * Only a line feed ends a line: a carriage return becomes part of the value.
 */
const syntax: LineSyntax = {
  head: /[ \t]*(?<export>export[ \t]+)?(?<name>[A-Za-z_][A-Za-z0-9_]*)=/y,
  blanks: /(?:)/y,
  comment: /[ \t]*#[^\n]*/y,
  tail: /(?:[ \t]+#[^\n]*|[ \t]*)(?:\n|(?![\s\S]))/y,
  newline: /\n/g,
  skipsBom: false,
  valueEnd: wordEnd,
}

/** Dialect `shell`. */
export const shell = defineDialect({
  name: 'shell',
  syntax,
  read,
  forms: (value) => [
    // A tilde at the start or behind a colon is a home folder.
    ...(/(?:^|:)~/.test(value) ? [] : rawForm(value)),
    { quote: "'", text: `'${value.replaceAll("'", "'\\''")}'` },
    { quote: '"', text: `"${value.replace(/[\\"$`]/g, '\\$&')}"` },
  ],
})

function read(text: string): readonly Binding[] {
  const out: Binding[] = []
  const known = new Map<string, string>()
  for (let at = 0; at < text.length; ) {
    syntax.head.lastIndex = at
    const head = syntax.head.exec(text)
    const start = syntax.head.lastIndex
    const end = head ? wordEnd(text, start) : -1
    if (head && end < 0) throw unreadable(text, start, 'opens a quote that is never closed')
    syntax.tail.lastIndex = end
    if (!head?.groups?.name || !syntax.tail.test(text)) {
      const newline = text.indexOf('\n', Math.max(at, end))
      at = newline < 0 ? text.length : newline + 1
      continue
    }
    at = syntax.tail.lastIndex
    const source = text.slice(start, end)
    const value = readWord(source, known) ?? source
    known.set(head.groups.name, value)
    out.push({ name: head.groups.name, value, source })
  }
  return out
}
