import { KeyturnError } from '../../src/errors.ts'
import type { Run } from '../context.ts'

/** Every command that this version does not have. @throws UNSUPPORTED */
export const unsupported =
  (name: string): Run =>
  () =>
    Promise.reject(new KeyturnError('UNSUPPORTED', `"secrets ${name}" is not in this version yet`, { hint: 'secrets help --all lists what is' }))
