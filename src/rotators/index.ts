import type { RotatorSpec } from '../ports.ts'
import { asteriskAri } from './asterisk-ari.ts'
import { command } from './command.ts'
import { manual } from './manual.ts'
import { none } from './none.ts'
import { random } from './random.ts'

/**
 * Every kind of rotator there is, by the name that stands in the inventory. One line each, so that a new one is one file
 * and one line. Network and process modules are loaded by the verbs that use them, not by this list.
 */
export const ROTATORS: ReadonlyMap<string, RotatorSpec> = new Map([random, manual, none, command, asteriskAri].map((spec) => [spec.name, spec]))
