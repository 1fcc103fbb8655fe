/**
 * The glossary, as types and plain data. Every other file uses these words and no others for these things.
 *
 * inventory  one `secrets.yaml` of one environment, with an id that never changes
 * secret     a named thing with fields; its immutable id names its stream
 * version    one immutable write of a secret's own fields with its handle, addressed by its token
 * current    the one version that readers get
 * store      where versions live        provider  the service that accepts the credential
 * rotator    code that can create, set, test and revoke at one provider
 * overlap    old and new can both be accepted; without it the old value dies at `set`
 * handle     non-secret data that lets us revoke later
 * rotation   one run of the steps for one secret
 * claim      the right to do one step until a time (the lease)
 * ledger     the append-only record; one stream a secret and one a host; also the lock and the audit log
 * grace      the time in which both are accepted after all consumers proved
 * output     a generated or merged file      dialect  one way to write env entries
 * consumer   a running thing that reads an output; it can `refresh` and `prove`
 * rule       one check                       finding  what it found
 */

export * from './terms/event.ts'
export * from './terms/inventory.ts'
export type * from './terms/policy.ts'
export type * from './terms/state.ts'
export type * from './terms/value.ts'
