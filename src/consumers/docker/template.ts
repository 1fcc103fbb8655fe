import type { ConsumerContext } from '../../ports.ts'
import { Sensitive } from '../../sensitive.ts'
import type { Fingerprint } from '../../terms.ts'
import { OTHER } from '../challenge.ts'

/** A text with variables of the output in it: `postgres://u:`, { name: 'PW' }, `@h`. */
export type Template = readonly (string | { readonly name: string })[]

/** Texts that stand for variables, so that it can be seen where each of them goes; no reader takes one for anything else. */
export interface Markers {
  /** By variable. */
  readonly env: Readonly<Record<string, string>>
  /** What a text is made of. Compose prints `$` as `$$`. */
  templateOf(text: string): Template
}

/** New ones: nothing that a service has can hold one by chance. */
export function makeMarkers(ctx: ConsumerContext<unknown>, vars: readonly string[]): Markers {
  const stem = `keyturn${Buffer.from(ctx.random.bytes(8)).toString('hex')}x`
  const pattern = new RegExp(`${stem}(\\d+)x`)
  return {
    env: Object.fromEntries(vars.map((name, at) => [name, `${stem}${at}x`])),
    templateOf: (text) =>
      text
        .split(pattern)
        .map((part, at) => (at % 2 === 0 ? part.replaceAll('$$', '$') : { name: vars[Number(part)] ?? '' }))
        .filter((part) => part !== ''),
  }
}

export const namesIn = (template: Template): readonly string[] => template.flatMap((part) => (typeof part === 'string' ? [] : [part.name]))

/** The text with the current values; `null` where one has none. */
function filled(ctx: ConsumerContext<unknown>, template: Template): Sensitive<string> | null {
  let text: Sensitive<string> | null = new Sensitive('')
  for (const part of template) {
    const value = typeof part === 'string' ? new Sensitive(part) : ctx.expected[part.name]
    text = text && value ? text.with(value, (before, more) => before + more) : null
  }
  return text
}

/** Whether a text is the template with the current values. */
export const holds = (ctx: ConsumerContext<unknown>, template: Template, text: Sensitive<string> | null): boolean => {
  const wanted = filled(ctx, template)
  return wanted !== null && text !== null && ctx.fingerprints.ofValue(wanted) === ctx.fingerprints.ofValue(text)
}

/**
 * Which values stand in a text at the places of the template's variables. Those of a text with several that is not the expected
 * one cannot be told apart: each of them is some other.
 */
export function readHeld(ctx: ConsumerContext<unknown>, template: Template, text: Sensitive<string> | null): ReadonlyMap<string, Fingerprint | null> {
  const names = [...new Set(namesIn(template))]
  if (text === null) return new Map(names.map((name) => [name, null]))
  const [before = '', after = ''] = template.length <= 3 && names.length === 1 ? around(template) : []
  const whole = holds(ctx, template, text)
  return new Map(
    names.map((name) => {
      const expected = ctx.expected[name]
      if (whole && expected) return [name, ctx.fingerprints.ofValue(expected)]
      const fits =
        names.length === 1 &&
        namesIn(template).length === 1 &&
        text.tells((all) => all.length >= before.length + after.length && all.startsWith(before) && all.endsWith(after))
      return [name, fits ? ctx.fingerprints.ofValue(text.map((all) => all.slice(before.length, all.length - after.length))) : OTHER]
    }),
  )
}

/** What stands before and behind the only variable. */
function around(template: Template): readonly [string, string] {
  const at = template.findIndex((part) => typeof part !== 'string')
  const literal = (parts: Template): string => parts.map((part) => (typeof part === 'string' ? part : '')).join('')
  return [literal(template.slice(0, at)), literal(template.slice(at + 1))]
}
