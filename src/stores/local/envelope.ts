import type { Encrypter } from 'age-encryption'
import { KeyturnError } from '../../errors.ts'
import { Sensitive } from '../../sensitive.ts'
import { type Keyring, sameTag } from './keyring.ts'
import { addRecipient } from './recipient.ts'

/**
 * A sealed age file. Its plaintext is the body, a newline, and one line of JSON that says who wrote it and proves it to
 * each reader: age alone would let anybody who knows the public recipients forge a file. `docs/decisions/0006-embedded-store.md`
 * has the reasons. The `age` program decrypts it like any other.
 */

interface Seal {
  readonly writer: string
  /** By reader: a MAC in base64 that only writer and reader can compute. */
  readonly seals: Readonly<Record<string, string>>
}

export interface Opened {
  readonly ok: true
  readonly body: Sensitive<Buffer>
  readonly writer: string
  readonly readers: readonly string[]
}

export interface Unopened {
  readonly ok: false
  /** `foreign`: encrypted to other keys. `forged`: nobody of the inventory vouches for it. */
  readonly why: 'foreign' | 'damaged' | 'forged'
  readonly seen: string
}

/** What may be an X25519 recipient; the library checks the rest. */
const RECIPIENT = /^age1[023456789acdefghjklmnpqrstuvwxyz]{58}$/

/**
 * Encrypts a body to all recipients, in this machine's name.
 *
 * @throws KeyturnError IDENTITY_WRONG where no identity of the ring is among the recipients: what it wrote would be refused.
 * CONFIG_INVALID for something that is no X25519 recipient.
 */
export async function sealTo(body: Sensitive<Uint8Array>, ring: Keyring, recipients: readonly string[]): Promise<Uint8Array> {
  const writer = ring.own.find((own) => recipients.includes(own))
  if (!writer) throw notListed(ring)
  const encrypter = await encrypterFor(recipients)
  const bytes = body.reveal()
  const seals = Object.fromEntries([...new Set(recipients)].map((reader) => [reader, ring.tag(writer, writer, reader, bytes).toString('base64')]))
  const seal: Seal = { writer, seals }
  const whole = Buffer.concat([bytes, Buffer.from(`\n${JSON.stringify(seal)}\n`)])
  return collect(await encrypter.encrypt(streamOf(whole)))
}

/** By list of recipients, since a store has one list for all its files. */
const encrypters = new WeakMap<readonly string[], Encrypter>()

async function encrypterFor(recipients: readonly string[]): Promise<Encrypter> {
  const known = encrypters.get(recipients)
  if (known) return known
  const age = await import('age-encryption')
  const encrypter = new age.Encrypter()
  for (const recipient of new Set(recipients)) {
    if (!RECIPIENT.test(recipient)) throw notRecipient(recipient)
    try {
      addRecipient(encrypter, recipient, age)
    } catch {
      throw notRecipient(recipient)
    }
  }
  encrypters.set(recipients, encrypter)
  return encrypter
}

/**
 * Decrypts a file and checks who wrote it.
 *
 * @param trusted - recipients whose writing counts; `null` where nothing is known yet (a restore on an empty machine): then
 * only that body and seal belong together is checked.
 */
export async function openSealed(file: Uint8Array, ring: Keyring, trusted: readonly string[] | null): Promise<Opened | Unopened> {
  if (file.length === 0) return { ok: false, why: 'damaged', seen: 'empty' }
  let plain: Buffer
  try {
    plain = await collect(await ring.decrypter.decrypt(streamOf(file)))
  } catch (error) {
    // The library has no codes; a test holds it to this sentence.
    const foreign = error instanceof Error && error.message.startsWith('no identity matched')
    return foreign
      ? { ok: false, why: 'foreign', seen: 'encrypted to other keys than those of this machine' }
      : { ok: false, why: 'damaged', seen: 'damaged or cut short' }
  }
  const line = plain.length < 2 ? -1 : plain.lastIndexOf(0x0a, plain.length - 2)
  const seal = line < 0 ? null : parseSeal(plain.subarray(line + 1).toString('utf8'))
  if (!seal) return { ok: false, why: 'forged', seen: 'not written by Keyturn' }
  const body = plain.subarray(0, line)
  if (trusted && !trusted.includes(seal.writer)) return { ok: false, why: 'forged', seen: `written with ${seal.writer}, which is no recipient in secrets.yaml` }
  const reader = ring.own.find((own) => Object.hasOwn(seal.seals, own))
  if (!reader) return { ok: false, why: 'forged', seen: 'its seal is not for this machine' }
  const tag = Buffer.from(seal.seals[reader] ?? '', 'base64')
  if (!sameTag(tag, ring.tag(reader, seal.writer, reader, body))) return { ok: false, why: 'forged', seen: 'its seal does not fit its content' }
  return { ok: true, body: new Sensitive(body), writer: seal.writer, readers: Object.keys(seal.seals) }
}

/** IDENTITY_WRONG: this machine's keys are no recipients. */
export function notListed(ring: Keyring): KeyturnError {
  return new KeyturnError('IDENTITY_WRONG', `the key of this machine (${ring.own.join(', ')}) is not among the recipients in secrets.yaml`, {
    hint: 'On a machine that opens the store, run "secrets identity add" with this recipient.',
  })
}

function notRecipient(text: string): KeyturnError {
  return new KeyturnError('CONFIG_INVALID', `recipients: ${JSON.stringify(text).slice(0, 80)} is no X25519 recipient (age1...)`, {
    hint: '"secrets identity show" prints the recipient of this machine.',
  })
}

function parseSeal(text: string): Seal | null {
  try {
    const seal = JSON.parse(text) as Partial<Seal> | null
    if (!seal || typeof seal.writer !== 'string' || !RECIPIENT.test(seal.writer) || typeof seal.seals !== 'object' || seal.seals === null) return null
    return Object.values(seal.seals).every((tag) => typeof tag === 'string') ? (seal as Seal) : null
  } catch {
    return null
  }
}

// In streams: for bytes the library makes a `Response`, and all of Node's fetch is loaded for that.

const streamOf = (bytes: Uint8Array): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      controller.enqueue(bytes)
      controller.close()
    },
  })

async function collect(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}
