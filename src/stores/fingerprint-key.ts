import { isKeyturnError, KeyturnError } from '../errors.ts'
import { fingerprinter } from '../fingerprint.ts'
import type { Fingerprinter, Random, SecretStore } from '../ports.ts'
import { Sensitive } from '../sensitive.ts'
import type { Token } from '../terms.ts'

/** Reserved: no secret of an inventory may have this path. */
export const FINGERPRINT_PATH = '.keyturn/fingerprint'

/**
 * The inventory's fingerprints. Their key is kept in the store like any secret, so that every host computes the same; the
 * first to ask makes it, and of two at once the slower adopts the other's.
 *
 * The key's id is random and kept with it. A store that was lost and begun again therefore has another id, and its fingerprints
 * are incomparable with the old ones instead of looking like changed values.
 *
 * @throws KeyturnError STORE_DAMAGED where what is kept there is no key; and what the store throws.
 */
export async function loadFingerprints(store: SecretStore, inventoryId: string, random: Random): Promise<Fingerprinter> {
  const there = await readKey(store)
  if (there) return there
  const hex = (n: number) => Buffer.from(random.bytes(n)).toString('hex')
  const token: Token = `${inventoryId}.fingerprint.${hex(16)}`
  const fields = new Sensitive({ id: `k${hex(4)}`, key: Buffer.from(random.bytes(32)).toString('base64') })
  try {
    await store.putCurrent([{ path: FINGERPRINT_PATH, token, fields, handle: null, expect: null }])
  } catch (error) {
    if (!isKeyturnError(error, 'STORE_CHANGED')) throw error
    await store.drop(FINGERPRINT_PATH, token)
  }
  const made = await readKey(store)
  if (!made) throw new KeyturnError('STORE_UNAVAILABLE', `${FINGERPRINT_PATH}: was written and is not there`)
  return made
}

async function readKey(store: SecretStore): Promise<Fingerprinter | null> {
  const document = (await store.read([FINGERPRINT_PATH])).get(FINGERPRINT_PATH)
  if (!document) return null
  const { id, key } = document.fields.reveal()
  const bytes = Buffer.from(key ?? '', 'base64')
  if (!id || !/^k[0-9a-z]{1,32}$/.test(id) || bytes.length !== 32) {
    throw new KeyturnError('STORE_DAMAGED', `${FINGERPRINT_PATH}: holds no key for fingerprints`)
  }
  return fingerprinter(id, new Sensitive<Uint8Array>(bytes))
}
