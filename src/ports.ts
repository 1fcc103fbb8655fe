/** The seams. Whoever implements one keeps what its comment promises; the contract suites in `test/contract/` check it. */

export type * from './ports/consumer.ts'
export type * from './ports/ledger.ts'
export type * from './ports/output.ts'
export type * from './ports/rotator.ts'
export type * from './ports/store.ts'
export type * from './ports/world.ts'
