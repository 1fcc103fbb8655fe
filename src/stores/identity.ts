import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isKeyturnError, KeyturnError } from '../errors.ts'
import type { Clock, Random } from '../ports.ts'
import { Sensitive } from '../sensitive.ts'
import { makeFolder, placeNew, readWhole, writeTemp } from '../state/files.ts'
import type { Owner } from '../state/paths.ts'

/** A key that opens the embedded store, with the public half that files are encrypted to. */
export interface Identity {
  /** `AGE-SECRET-KEY-1...` */
  readonly identity: Sensitive<string>
  /** `age1...` */
  readonly recipient: string
}

export interface IdentityFile {
  readonly file: string
  readonly clock: Clock
  readonly random: Random
  readonly owner?: Owner | null
  /** Protects the file as `age -p` does; opening it then takes about a second. */
  readonly passphrase?: Sensitive<string>
}

/** Far more than any list of keys. */
const LARGEST = 256 * 1024

/** Makes an X25519 identity, for this machine or for recovery, and writes nothing. */
export async function newIdentity(): Promise<Identity> {
  const age = await import('age-encryption')
  const identity = new Sensitive(await age.generateX25519Identity())
  return { identity, recipient: await recipientOf(identity) }
}

/**
 * The recipient of an identity.
 *
 * @throws KeyturnError IDENTITY_WRONG for what is no identity.
 */
export async function recipientOf(identity: Sensitive<string>): Promise<string> {
  const age = await import('age-encryption')
  try {
    return await age.identityToRecipient(identity.reveal())
  } catch {
    // The library's error may quote what it was given.
    throw new KeyturnError('IDENTITY_WRONG', 'this is no age identity (AGE-SECRET-KEY-1...)')
  }
}

/**
 * Writes an identity to a new file of 0600, in the form of `age-keygen`; its folder is made. Never replaces a file.
 *
 * @throws KeyturnError FILE_UNWRITABLE where the file is there already; DISK_FULL.
 */
export async function writeIdentity({ identity, recipient }: Identity, { file, clock, random, owner = null, passphrase }: IdentityFile): Promise<void> {
  const text = identity.map((key) => `# created: ${new Date(clock.now()).toISOString()}\n# public key: ${recipient}\n${key}\n`)
  let bytes: Uint8Array = Buffer.from(text.reveal())
  if (passphrase) {
    const age = await import('age-encryption')
    const encrypter = new age.Encrypter()
    encrypter.setPassphrase(passphrase.reveal())
    bytes = Buffer.from(age.armor.encode(await encrypter.encrypt(bytes)))
  }
  await makeFolder(dirname(file), owner)
  const temp = await writeTemp(dirname(file), bytes, { random, owner })
  try {
    if (!(await placeNew(temp, file, { random, owner }))) {
      throw new KeyturnError('FILE_UNWRITABLE', `${file}: is there already, and a key is never overwritten`, {
        hint: 'Move it away first, or name another file.',
        retryable: false,
      })
    }
  } finally {
    await rm(temp, { force: true })
  }
}

export interface ReadIdentity {
  readonly file: string
  /** Asked for where the file is protected by one. */
  readonly passphrase?: (file: string) => Promise<Sensitive<string>>
  /** Under sudo, the caller: their file is as good as ours. */
  readonly owner?: Owner | null
  readonly uid?: number
}

/**
 * The identities in a file, one a line, as `age -i` reads them.
 *
 * @throws KeyturnError IDENTITY_MISSING where it is not there, or nobody can be asked for its passphrase; STATE_INSECURE where
 * others may read or own it; IDENTITY_WRONG for a wrong passphrase or no identity in it; FILE_UNREADABLE.
 */
export async function readIdentities({ file, passphrase, owner = null, uid = process.getuid?.() ?? 0 }: ReadIdentity): Promise<readonly Sensitive<string>[]> {
  const found = await readWhole(file, LARGEST)
  if (!found) throw new KeyturnError('IDENTITY_MISSING', `${file}: not there`)
  const mode = found.stat.mode & 0o777
  if (mode & 0o077) {
    throw new KeyturnError('STATE_INSECURE', `${file}: other users of this machine may read the key (mode ${mode.toString(8)})`, { hint: `chmod 600 ${file}` })
  }
  if (![0, uid, owner?.uid].includes(found.stat.uid)) {
    throw new KeyturnError('STATE_INSECURE', `${file}: belongs to user id ${found.stat.uid}, who can replace it`, { hint: `chown ${uid} ${file}` })
  }
  const text = (await unlocked(file, found.bytes, passphrase)).map((bytes) => bytes.toString('utf8'))
  const lines = text.map((all) => all.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#')))
  const identities = lines.reveal().map((line) => new Sensitive(line.trim()))
  if (identities.length === 0) throw new KeyturnError('IDENTITY_WRONG', `${file}: holds no identity`)
  for (const [index, identity] of identities.entries()) {
    await recipientOf(identity).catch((error: unknown) => {
      throw isKeyturnError(error, 'IDENTITY_WRONG')
        ? new KeyturnError('IDENTITY_WRONG', `${file}: entry ${index + 1} is no age identity (AGE-SECRET-KEY-1...)`)
        : error
    })
  }
  return identities
}

async function unlocked(file: string, bytes: Buffer, passphrase: ReadIdentity['passphrase']): Promise<Sensitive<Buffer>> {
  const armored = bytes.subarray(0, 64).toString('latin1').trimStart().startsWith('-----BEGIN AGE ENCRYPTED FILE-----')
  if (!armored && !bytes.subarray(0, 21).equals(Buffer.from('age-encryption.org/v1'))) return new Sensitive(bytes)
  if (!passphrase) {
    throw new KeyturnError('IDENTITY_MISSING', `${file}: is protected by a passphrase, and there is nobody to ask for it`, {
      hint: 'Run the command on a terminal, or use an identity without a passphrase for timers.',
    })
  }
  const age = await import('age-encryption')
  const decrypter = new age.Decrypter()
  decrypter.addPassphrase((await passphrase(file)).reveal())
  try {
    return new Sensitive(Buffer.from(await decrypter.decrypt(armored ? age.armor.decode(bytes.toString('latin1')) : bytes)))
  } catch {
    throw new KeyturnError('IDENTITY_WRONG', `${file}: the passphrase does not open it`, { hint: 'Type it again.' })
  }
}

/** One of this machine's keys, and whether the inventory lists it. */
export interface IdentityCheck {
  readonly recipient: string
  readonly listed: boolean
}

/** Compares keys with the recipients of an inventory. Nothing is opened. */
export async function verifyIdentities(identities: readonly Sensitive<string>[], recipients: readonly string[]): Promise<readonly IdentityCheck[]> {
  const own = await Promise.all(identities.map(recipientOf))
  return own.map((recipient) => ({ recipient, listed: recipients.includes(recipient) }))
}
