/**
 * `$` references as Compose resolves them, after compose-go's `template` package: `$V`, `${V}`, `${V-d}`, `${V:-d}`,
 * `${V+d}`, `${V:+d}`, `${V?e}`, `${V:?e}`, nested, and `$$` for a dollar sign. Names match in either case.
 *
 * Only the file is looked at, as nothing else is known here: a variable that it does not hold reads as empty, also where
 * Compose would demand it from the environment. `null` for a text that Compose refuses.
 */
export function expandTemplate(template: string, known: ReadonlyMap<string, string>): string | null {
  let refused = false
  const expanded = template.replace(REFERENCE, (reference) => {
    const value = expandReference(reference, known)
    if (value === null) refused = true
    return value ?? ''
  })
  return refused ? null : expanded
}

// The operator's operand runs to the last brace of the line; what lies behind the brace that truly closes is expanded apart.
const REFERENCE = /\$(?:\$|[_a-z][_a-z0-9]*|\{(?:[_a-z][_a-z0-9]*(?::?[-+?][^\n]*)?\}|))/giu
const OPERATORS = [':?', '?', ':-', '-', ':+', '+'] as const
type Operator = (typeof OPERATORS)[number]

function expandReference(reference: string, known: ReadonlyMap<string, string>): string | null {
  if (reference === '$$') return '$'
  if (!reference.startsWith('${')) return known.get(reference.slice(1)) ?? ''
  if (reference === '${') return null
  const closing = closingBrace(reference)
  const whole = closing < 0 ? reference : reference.slice(0, closing + 1)
  const inner = whole.slice(2, -1)
  const operator = firstOperator(reference)
  if (operator === null || !inner.includes(operator)) return known.get(inner) ?? ''
  const [name, operand] = splitAt(inner, operator)
  const value = applyOperator(operator, known.get(name), operand, known)
  const rest = closing < 0 ? '' : expandTemplate(reference.slice(closing + 1), known)
  return value === null || rest === null ? null : value + rest
}

function applyOperator(operator: Operator, value: string | undefined, operand: string, known: ReadonlyMap<string, string>): string | null {
  const present = value !== undefined && (value !== '' || !operator.startsWith(':'))
  if (operator.endsWith('-')) return present ? (value ?? '') : expandTemplate(operand, known)
  if (operator.endsWith('+')) return present ? expandTemplate(operand, known) : (value ?? '')
  return value ?? ''
}

// The first in the text wins, whichever brace it stands in.
function firstOperator(reference: string): Operator | null {
  let best: Operator | null = null
  let bestAt = Number.POSITIVE_INFINITY
  for (const operator of OPERATORS) {
    const at = reference.indexOf(operator)
    if (at >= 0 && at < bestAt) {
      best = operator
      bestAt = at
    }
  }
  return best
}

function splitAt(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator)
  return [text.slice(0, at), text.slice(at + separator.length)]
}

function closingBrace(text: string): number {
  let open = 0
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '}' && --open === 0) return i
    if (text[i] === '{') {
      open++
      i++
    }
  }
  return -1
}
