import * as z from 'zod'

/** `500ms`, `10s`, `2m`: how long a rotator waits for something. The longer ones of policies are the inventory's. */

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 }

/** A text of at most ten minutes: a step has to end within its lease. */
export const durationSchema = z
  .string()
  .regex(/^[1-9]\d{0,6}(ms|s|m)$/, 'write it like 500ms, 10s or 2m')
  .refine((text) => durationMs(text) <= 600_000, 'at most 10m')

/** The milliseconds of a text that the schema took. */
export function durationMs(text: string): number {
  const unit = text.replace(/^\d+/, '')
  return Number.parseInt(text, 10) * (UNITS_MS[unit] ?? 1)
}
