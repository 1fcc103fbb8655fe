import { KeyturnError } from '../src/errors.ts'
import { parseDuration } from '../src/inventory/duration.ts'
import type { Options } from './declare.ts'

/** The options of a command as what they mean; each throws USAGE naming the option and what was seen. */

/** A text, or undefined where the option is not given. */
export function textOption(options: Options, name: string): string | undefined {
  const value = options[name]
  return typeof value === 'string' ? value : undefined
}

/** All values of an option that may be given several times. */
export function listOption(options: Options, name: string): readonly string[] {
  const value = options[name]
  if (value === undefined || typeof value === 'boolean') return []
  return typeof value === 'string' ? [value] : value
}

/** `30s`, `12h`, `90d` in milliseconds. */
export function durationOption(options: Options, name: string): number | undefined {
  const text = textOption(options, name)
  if (text === undefined) return undefined
  // Seconds make sense on a command line only.
  const seconds = /^(\d{1,6})s$/.exec(text)?.[1]
  const ms = seconds === undefined ? parseDuration(text) : Number(seconds) * 1_000
  if (ms === null) throw new KeyturnError('USAGE', `--${name}: "${text}" is no duration`, { hint: 'such as 30s, 30m, 12h or 90d' })
  return ms
}

/** A whole number from 1 on. */
export function numberOption(options: Options, name: string): number | undefined {
  const text = textOption(options, name)
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new KeyturnError('USAGE', `--${name}: "${text}" is no whole number from 1 on`)
  return Number(text)
}
