import { createHmac, createPrivateKey, diffieHellman, hkdfSync, type KeyObject, timingSafeEqual } from 'node:crypto'
import type { Decrypter } from 'age-encryption'
import { KeyturnError } from '../../errors.ts'
import type { Sensitive } from '../../sensitive.ts'
import { keyBytes } from './bech32.ts'
import { publicKeyOf } from './recipient.ts'

/** The keys of this machine, ready for use. */
export interface Keyring {
  /** Recipients of its identities (`age1...`), in the order given. */
  readonly own: readonly string[]
  readonly decrypter: Decrypter
  /** What only the holders of `own` and of `other` can compute over these bytes. INTERNAL where `own` is not in the ring. */
  tag(own: string, writer: string, reader: string, bytes: Uint8Array): Buffer
}

/** DER of a raw private X25519 key: fixed bytes before the 32 of the key (RFC 8410). */
const PRIVATE = Buffer.from('302e020100300506032b656e04220420', 'hex')

/**
 * Opens a ring of X25519 identities.
 *
 * @throws KeyturnError IDENTITY_MISSING for none; IDENTITY_WRONG for one that is no `AGE-SECRET-KEY-1...`.
 */
export async function openKeyring(identities: readonly Sensitive<string>[]): Promise<Keyring> {
  if (identities.length === 0) throw new KeyturnError('IDENTITY_MISSING', 'no identity was found to open the store with')
  const age = await import('age-encryption')
  const decrypter = new age.Decrypter()
  const secrets = new Map<string, KeyObject>()
  for (const [index, identity] of identities.entries()) {
    try {
      const text = identity.reveal()
      // Post-quantum identities open files, but cannot vouch for one.
      if (!text.startsWith('AGE-SECRET-KEY-1')) throw new Error('not X25519')
      const recipient = await age.identityToRecipient(text)
      decrypter.addIdentity(text)
      secrets.set(recipient, createPrivateKey({ key: Buffer.concat([PRIVATE, keyBytes(text)]), format: 'der', type: 'pkcs8' }))
    } catch {
      // The library's own error may quote the identity.
      throw new KeyturnError('IDENTITY_WRONG', `identity ${index + 1} is no X25519 age identity (AGE-SECRET-KEY-1...)`)
    }
  }
  const shared = new Map<string, Buffer>()

  // Both ends compute the same key: Diffie-Hellman of the writer's and the reader's long-term keys, bound to who is which.
  const keyBetween = (own: string, writer: string, reader: string): Buffer => {
    const name = `${own} ${writer} ${reader}`
    const known = shared.get(name)
    if (known) return known
    const privateKey = secrets.get(own)
    if (!privateKey) throw new KeyturnError('INTERNAL', `${own} is not in the ring`)
    const secret = diffieHellman({ privateKey, publicKey: publicKeyOf(own === writer ? reader : writer) })
    const key = Buffer.from(hkdfSync('sha256', secret, Buffer.concat([keyBytes(writer), keyBytes(reader)]), 'keyturn seal 1', 32))
    shared.set(name, key)
    return key
  }

  return {
    own: [...secrets.keys()],
    decrypter,
    tag: (own, writer, reader, bytes) =>
      createHmac('sha256', keyBetween(own, writer, reader))
        .update(bytes)
        .digest(),
  }
}

/** True where the two are equal; takes as long for a near miss as for a far one. */
export const sameTag = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b)
