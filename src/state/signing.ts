import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto'
import { dirname } from 'node:path'
import { KeyturnError } from '../errors.ts'
import type { Random } from '../ports.ts'
import { makeFolder, placeNew, readWhole, writeTemp } from './files.ts'
import type { Owner } from './paths.ts'

/** Signs heads of the audit log. Ed25519, because the X25519 key of the store cannot sign. */
export interface SigningKey {
  /** Raw public key in base64: who checks a head needs it, and may have it. */
  readonly publicKey: string
  /** Base64. */
  sign(text: string): string
}

export interface SigningKeyFile {
  readonly file: string
  readonly random: Random
  readonly owner?: Owner | null
}

/** Raw Ed25519 keys are 32 bytes behind this DER (RFC 8410). */
const PUBLIC = Buffer.from('302a300506032b6570032100', 'hex')

/**
 * The signing key of this machine; made at first use, PEM of 0600. Two processes at once end with the same key.
 *
 * @throws KeyturnError STATE_INSECURE where others may read it; FILE_UNREADABLE where it is no key; FILE_UNWRITABLE, DISK_FULL.
 */
export async function loadSigningKey({ file, random, owner = null }: SigningKeyFile): Promise<SigningKey> {
  const there = await readKey(file)
  if (there) return there
  await makeFolder(dirname(file), owner)
  const pem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' })
  const temp = await writeTemp(dirname(file), Buffer.from(pem), { random, owner })
  await placeNew(temp, file, { random, owner })
  const made = await readKey(file)
  if (!made) throw new KeyturnError('FILE_UNREADABLE', `${file}: was written and is not there`)
  return made
}

/** True if the holder of this public key (base64, raw) signed the text. Anything malformed is false. */
export function verifySignature(text: string, signature: string, publicKey: string): boolean {
  try {
    const key = createPublicKey({ key: Buffer.concat([PUBLIC, Buffer.from(publicKey, 'base64')]), format: 'der', type: 'spki' })
    return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'))
  } catch {
    return false
  }
}

async function readKey(file: string): Promise<SigningKey | null> {
  const found = await readWhole(file, 64 * 1024)
  if (!found) return null
  const mode = found.stat.mode & 0o777
  if (mode & 0o077) {
    throw new KeyturnError('STATE_INSECURE', `${file}: other users of this machine may read the signing key (mode ${mode.toString(8)})`, {
      hint: `chmod 600 ${file}`,
    })
  }
  const key = parseKey(found.bytes)
  if (!key)
    throw new KeyturnError('FILE_UNREADABLE', `${file}: is no Ed25519 key in PEM`, {
      hint: 'Move it away: a new one is made. Heads signed before are checked with the old public key.',
    })
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(PUBLIC.length).toString('base64')
  return { publicKey, sign: (text) => sign(null, Buffer.from(text), key).toString('base64') }
}

function parseKey(pem: Buffer): KeyObject | null {
  try {
    const key = createPrivateKey(pem)
    return key.asymmetricKeyType === 'ed25519' ? key : null
  } catch {
    return null
  }
}
