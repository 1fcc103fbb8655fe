import { KeyturnError } from '../../errors.ts'
import type { Dialect, Entry } from '../../ports.ts'
import { Sensitive } from '../../sensitive.ts'
import type { DialectName } from '../../terms.ts'
import { type LineSyntax, type Quote, quoteOf } from '../lines.ts'
import { checkText } from '../text.ts'

/** One assignment as a reader meets it. A name may occur more than once. */
export interface Binding {
  readonly name: string
  /** What the reader makes of it, with `$` references resolved. */
  readonly value: string
  /** The same before references were resolved: it changes only if the assignment itself does. */
  readonly source: string
}

/** A dialect with what the lossless merge needs besides. */
export interface EnvDialect extends Dialect {
  /** How its lines are taken apart; `null` for a dialect without lines, which has `edit` instead. */
  readonly syntax: LineSyntax | null
  /** Every assignment in the order of the file, also repeated names. Throws ENV_UNREADABLE where the reader refuses the file. */
  bindings(text: Sensitive<string>): Sensitive<readonly Binding[]>
  /** The text with these values in place of the old ones (every occurrence), missing names added at the end. */
  edit?(text: Sensitive<string>, entries: readonly Entry[]): Sensitive<string>
}

interface Spec {
  readonly name: DialectName
  readonly syntax: LineSyntax
  /** A model of the real reader, independent of the syntax: the merge is checked with it. */
  read(text: string): readonly Binding[]
  /** Ways to write a value that may hold it, the best first. Each is read back before it is used. */
  forms(value: string): readonly Form[]
  /** Why no form can hold this value, where that is known. */
  refusal?(value: string): string | null
}

export interface Form {
  readonly quote: Quote
  readonly text: string
}

/** Characters that stand for themselves in every dialect without quotes, as first, middle and last one. */
export const RAW_SAFE = /^[A-Za-z0-9_\-.~/+=:,@%]*$/

/** The form without quotes, if every reader takes the value as it is. */
export const rawForm = (value: string): Form[] => (RAW_SAFE.test(value) ? [{ quote: '', text: value }] : [])

/** First line of a file that we made. */
export const HEADER = '# Made by Keyturn from secrets.yaml. To change a value: secrets set NAME'

/** A line-based dialect from a model of its reader and the forms its values may take. */
export function defineDialect(spec: Spec): EnvDialect {
  const bindings = (text: string): readonly Binding[] => {
    checkText(text)
    return spec.read(text)
  }
  const encode = (name: string, value: Sensitive<string>, like?: string): Sensitive<string> => {
    const plain = value.reveal()
    const found = storable(plain) ? byStyle(spec.forms(plain), like).find((form) => readsBack(spec, name, form.text, plain)) : undefined
    if (!found) throw notRepresentable(spec.name, name, reason(spec, plain))
    return new Sensitive(found.text)
  }
  return {
    name: spec.name,
    syntax: spec.syntax,
    bindings: (text) => text.map(bindings),
    parse: (text) => lastOfEach(bindings(text.reveal())),
    encode,
    render(entries) {
      const text = new Sensitive(`${HEADER}\n${entries.map((entry) => `${entry.name}=${encode(entry.name, entry.value).reveal()}\n`).join('')}`)
      checkRendered(spec.name, bindings(text.reveal()), entries)
      return text
    },
  }
}

/** ENV_NOT_REPRESENTABLE for this variable. The value itself is never part of the message. */
export const notRepresentable = (dialect: DialectName, name: string, why: string): KeyturnError =>
  new KeyturnError('ENV_NOT_REPRESENTABLE', `${name}: dialect "${dialect}" cannot hold its value: ${why}`)

/** What a reader ends up with: one entry a name, the last assignment counts. */
export function lastOfEach(bindings: readonly Binding[]): readonly Entry[] {
  const last = new Map(bindings.map((binding) => [binding.name, binding.value]))
  return [...last].map(([name, value]) => ({ name, value: new Sensitive(value) }))
}

/** Throws ENV_NOT_REPRESENTABLE for the first entry that is not read back as it is, or that is there twice. */
export function checkRendered(dialect: DialectName, read: readonly Binding[], entries: readonly Entry[]): void {
  for (const [i, entry] of entries.entries()) {
    const back = read[i]
    if (back?.name !== entry.name || back.value !== entry.value.reveal()) throw notRepresentable(dialect, entry.name, 'it does not read back as it was written')
    if (entries.findIndex((other) => other.name === entry.name) !== i) throw notRepresentable(dialect, entry.name, 'the name is there twice')
  }
  if (read.length !== entries.length) throw notRepresentable(dialect, read[entries.length]?.name ?? '?', 'it reads back as more than one variable')
}

/** NUL and half surrogate pairs fit into no file. */
export const storable = (value: string): boolean => !value.includes('\0') && value.isWellFormed()

// The next line must survive as well: a quote that swallows it is the worst of these traps.
function readsBack(spec: Spec, name: string, written: string, value: string): boolean {
  try {
    const [first, second, ...more] = spec.read(`${name}=${written}\n${name}_=1\n`)
    return first?.name === name && first.value === value && second?.name === `${name}_` && second.value === '1' && more.length === 0
  } catch {
    return false
  }
}

function byStyle(forms: readonly Form[], like: string | undefined): readonly Form[] {
  if (like === undefined || like === '') return forms
  const quote = quoteOf(like)
  return [...forms.filter((form) => form.quote === quote), ...forms.filter((form) => form.quote !== quote)]
}

function reason(spec: Spec, value: string): string {
  if (value.includes('\0')) return 'it holds a NUL byte'
  if (!value.isWellFormed()) return 'it is not Unicode'
  return spec.refusal?.(value) ?? 'no way of quoting it reads back as it was'
}
