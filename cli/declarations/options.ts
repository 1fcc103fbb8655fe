import type { OptionDeclaration } from '../declare.ts'

/** Options that mean the same to several commands. */

export const REASON: OptionDeclaration = { flags: '--reason TEXT', text: 'why: goes into the history' }

export const FIELD: OptionDeclaration = { flags: '--field FIELD', text: 'which field, of a secret with several' }
