import { KeyturnError } from '../errors.ts'

/**
 * Template variables: `postgres://{db.username|url}:{db.password|url}@127.0.0.1/app`. `{NAME.FIELD}` is a field of a secret,
 * `|url` percent-encodes it for user name and password of a URL, `|both` is the current value and, as long as it is accepted, the other
 * one behind a comma; `{{` and `}}` are braces.
 */
export interface Template {
  readonly parts: readonly Part[]
  /** Names of the secrets it uses, each once, in order. */
  readonly secrets: readonly string[]
  /** Empty for a template that can be filled in. */
  readonly problems: readonly TemplateProblem[]
}

export type Part = string | Reference

export interface Reference {
  readonly secret: string
  readonly field: string
  readonly url: boolean
  /** A list of one or two: the current value, and the one that an open rotation replaces. */
  readonly both: boolean
  /** Where its opening brace stands, from 0. */
  readonly at: number
}

export interface TemplateProblem {
  /** From 0, in the template's text. */
  readonly at: number
  readonly message: string
}

/** Takes a template apart. Never throws: what is wrong with it is in `problems`, all of it at once. */
export function parseTemplate(text: string): Template {
  const parts: Part[] = []
  const problems: TemplateProblem[] = []
  let literal = ''
  for (let at = 0; at < text.length; ) {
    const char = text[at] as string
    if ((char === '{' || char === '}') && text[at + 1] === char) {
      literal += char
      at += 2
    } else if (char === '}') {
      problems.push({ at, message: '"}" closes nothing; write "}}" for a brace' })
      at++
    } else if (char !== '{') {
      literal += char
      at++
    } else {
      const end = text.indexOf('}', at)
      if (end < 0) {
        problems.push({ at, message: '"{" is never closed; write "{{" for a brace' })
        break
      }
      const reference = readReference(text.slice(at + 1, end), at)
      if (typeof reference === 'string') problems.push({ at, message: reference })
      else {
        if (literal !== '') parts.push(literal)
        literal = ''
        parts.push(reference)
      }
      at = end + 1
    }
  }
  if (literal !== '') parts.push(literal)
  const secrets = new Set(parts.flatMap((part) => (typeof part === 'string' ? [] : [part.secret])))
  return { parts, secrets: [...secrets], problems }
}

/** The text with the references filled in. Throws CONFIG_INVALID for a template with problems, naming the first place. */
export function fillTemplate(template: Template, value: (reference: Reference) => string): string {
  const [problem] = template.problems
  if (problem) throw new KeyturnError('CONFIG_INVALID', `template, character ${problem.at + 1}: ${problem.message}`)
  return template.parts
    .map((part) => {
      if (typeof part === 'string') return part
      return part.url ? encodeUserinfo(value(part)) : value(part)
    })
    .join('')
}

/** Percent-encoded so that it may stand as user name or password in a URL: all but letters, digits, `-`, `.`, `_`, `~`. */
export const encodeUserinfo = (value: string): string =>
  encodeURIComponent(value.toWellFormed()).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)

/** Whether an output that is made from this template holds the two values of a secret side by side. */
export const listsBoth = (text: string, secret: string): boolean =>
  text.includes('both') && parseTemplate(text).parts.some((part) => typeof part !== 'string' && part.both && part.secret === secret)

function readReference(inside: string, at: number): Reference | string {
  const [path = '', filter, ...more] = inside.split('|').map((part) => part.trim())
  if (more.length > 0 || (filter !== undefined && filter !== 'url' && filter !== 'both'))
    return `"{${inside}}": the filters are "|url" and "|both", one of them`
  const dot = path.lastIndexOf('.')
  const [secret, field] = [path.slice(0, Math.max(dot, 0)), path.slice(dot + 1)]
  if (dot < 0) return `"{${inside}}" names no field; write "{${path === '' ? 'NAME' : path}.FIELD}"`
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(secret) || !/^[A-Za-z0-9_-]+$/.test(field)) return `"{${inside}}" is no "{NAME.FIELD}"`
  return { secret, field, url: filter === 'url', both: filter === 'both', at }
}
