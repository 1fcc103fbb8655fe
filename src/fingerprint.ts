import { createHmac, createSecretKey } from 'node:crypto'
import type { Fingerprinter } from './ports.ts'
import type { Sensitive } from './sensitive.ts'
import type { Fields, Fingerprint } from './terms.ts'

/**
 * Fingerprints by one key: HMAC-SHA-256, 128 bits of it. The key lives in the store, one an inventory, so that every host
 * computes the same; its id stands in every fingerprint, and fingerprints with different ids are incomparable.
 */
export function fingerprinter(keyId: string, key: Sensitive<Uint8Array>): Fingerprinter {
  // Made once: of bare bytes each call would make it again, which takes six times as long.
  const secret = createSecretKey(key.reveal())
  const mac = (text: string): Fingerprint => `hmac:${keyId}:${createHmac('sha256', secret).update(text).digest('hex').slice(0, 32)}`
  return {
    keyId,
    of: (fields: Sensitive<Fields>) => mac(`fields\0${canonical(fields.reveal())}`),
    ofValue: (value: Sensitive<string>) => mac(`value\0${value.reveal()}`),
  }
}

/** One text for equal fields, whatever the order they were written in. */
const canonical = (fields: Fields): string => JSON.stringify(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
