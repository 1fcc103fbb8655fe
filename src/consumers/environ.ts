import type { ConsumerContext, Proof } from '../ports.ts'
import { Sensitive } from '../sensitive.ts'

/**
 * What an environment holds of the output's variables, by fingerprint: `NAME=value` pairs, divided by NUL (as in `/proc/PID/environ`), or by
 * line feeds where there is no NUL. `null` for a variable that is not in it.
 */
export function heldIn(ctx: ConsumerContext<unknown>, printed: Buffer): Proof {
  const held = new Map<string, Sensitive<string>>()
  for (const pair of pairsOf(printed.toString())) {
    const separator = pair.indexOf('=')
    const name = pair.slice(0, separator)
    // The first one counts: so does getenv.
    if (separator > 0 && !held.has(name)) held.set(name, new Sensitive(pair.slice(separator + 1)))
  }
  const vars = ctx.vars.map((name) => {
    const value = held.get(name)
    return [name, value ? ctx.fingerprints.ofValue(value) : null] as const
  })
  return { vars: Object.fromEntries(vars) }
}

function pairsOf(text: string): readonly string[] {
  if (text.includes('\0')) return text.split('\0')
  const pairs: string[] = []
  for (const line of text.replace(/\n$/, '').split('\n')) {
    // A line that starts no variable goes on with the value before it.
    if (/^[A-Za-z_][A-Za-z0-9_.-]*=/.test(line) || pairs.length === 0) pairs.push(line)
    else pairs.push(`${pairs.pop()}\n${line}`)
  }
  return pairs
}
