import { KeyturnError } from '../../errors.ts'
import type { NewVersion, Version } from '../../ports.ts'
import { Sensitive } from '../../sensitive.ts'
import type { Fields, Handle } from '../../terms.ts'
import type { There } from './kv.ts'

/** Raised when the record of a version is written in another way. */
const FORMAT = 1

/** A version as it lies in its place: with all that belongs to it, so that one read gets it and one write makes it. */
export function recordOf(version: NewVersion, path: string, inventory: string): Sensitive<object> {
  return version.fields.map((fields) => ({ keyturn: FORMAT, inventory, path, token: version.token, handle: version.handle, fields }))
}

/** @throws KeyturnError STORE_DAMAGED for what is no version of this path; STORE_NEWER. */
export function versionIn(there: There, { path, inventory, store }: { path: string; inventory: string; store: string }): Version {
  const { keyturn: format, token, fields, handle = null, ...record } = there.plain.reveal()
  const where = `${store}: a version of ${path}`
  if (typeof format === 'number' && format > FORMAT) throw new KeyturnError('STORE_NEWER', `${where}: was written by a newer Keyturn`)
  const damaged = (why: string) => new KeyturnError('STORE_DAMAGED', `${where}: ${why}`, { hint: 'see with "vault kv metadata get" who wrote it' })
  if (format !== FORMAT || typeof token !== 'string') throw damaged('is no version that Keyturn wrote')
  if (record.inventory !== inventory || record.path !== path) throw damaged('is one of another path or inventory')
  if (typeof fields !== 'object' || fields === null || Object.values(fields).some((value) => typeof value !== 'string')) throw damaged('has no fields')
  return { token, fields: new Sensitive(fields as Fields), handle: handle as Handle | null, createdAt: there.writtenAt ?? 0 }
}
