import { KEEP } from './declarations/keep.ts'
import { LATER } from './declarations/later.ts'
import { LOOK } from './declarations/look.ts'
import { ROTATE } from './declarations/rotate.ts'
import { VALUES } from './declarations/values.ts'
import type { CommandDeclaration } from './declare.ts'

/** The eight that help shows first, in the order in which a person meets them. */
export const FIRST = ['init', 'status', 'rotate', 'sync', 'set', 'check', 'timer', 'doctor'] as const

/** Every command, in the order of `help --all`. Their code is found through `loaders.ts`. */
export const COMMANDS: readonly CommandDeclaration[] = [...KEEP.slice(0, 1), ...LOOK, ...ROTATE, ...VALUES, ...KEEP.slice(1), ...LATER]

/** The declaration of a command, or `undefined`. */
export const findCommand = (name: string): CommandDeclaration | undefined => COMMANDS.find((command) => command.name === name)
