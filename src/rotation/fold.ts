import type { Fold } from '../ports.ts'
import type { HostState, SecretState } from '../terms.ts'
import { foldHost } from './host.ts'
import { foldSecret } from './machine.ts'

/** Both kinds of stream: the name says which it is. The ledger calls this inside each append. */
export const fold: Fold = (state, recorded) =>
  recorded.stream.includes('/host/') ? foldHost(state as HostState | null, recorded) : foldSecret(state as SecretState | null, recorded)
