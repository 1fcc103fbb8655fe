import { createCipheriv, createPublicKey, diffieHellman, generateKeyPairSync, hkdfSync, type KeyObject } from 'node:crypto'
import type { Encrypter, Recipient } from 'age-encryption'
import { keyBytes } from './bech32.ts'

type Age = typeof import('age-encryption')

/** DER of a raw public X25519 key: fixed bytes before the 32 of the key (RFC 8410). */
const PUBLIC = Buffer.from('302a300506032b656e032100', 'hex')

/** The key that a recipient names. */
export const publicKeyOf = (recipient: string): KeyObject => createPublicKey({ key: Buffer.concat([PUBLIC, keyBytes(recipient)]), format: 'der', type: 'spki' })

/**
 * Adds an X25519 recipient to an encrypter of the age library. What it writes into the file's header is what the library writes
 * (https://c2sp.org/age, "X25519 recipient stanza"), by Node's own cryptography: the library's goes through WebCrypto, which takes
 * ten times as long, and that is most of what a file costs.
 *
 * @throws Error of the library for what is no recipient.
 */
export function addRecipient(encrypter: Encrypter, recipient: string, age: Age): void {
  // It checks the text; that encrypter is not used.
  new age.Encrypter().addRecipient(recipient)
  encrypter.addRecipient(x25519(recipient, age))
}

function x25519(recipient: string, { Stanza }: Age): Recipient {
  const bytes = keyBytes(recipient)
  const publicKey = publicKeyOf(recipient)
  return {
    wrapFileKey(fileKey) {
      const ephemeral = generateKeyPairSync('x25519')
      const share = ephemeral.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
      // Throws where the two have nothing but zeros in common, as the format demands.
      const secret = diffieHellman({ privateKey: ephemeral.privateKey, publicKey })
      const key = hkdfSync('sha256', secret, Buffer.concat([share, bytes]), 'age-encryption.org/v1/X25519', 32)
      // The key is used for this once, so the nonce is all zeros.
      const cipher = createCipheriv('chacha20-poly1305', Buffer.from(key), Buffer.alloc(12), { authTagLength: 16 })
      const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()])
      return [new Stanza(['X25519', share.toString('base64').replace(/=+$/, '')], body)]
    },
  }
}
