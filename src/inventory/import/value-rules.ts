import type { Subject, Verdict } from './classify.ts'
import { ADDRESSES, PASSWORDS } from './nouns.ts'
import {
  hasPasswordPart,
  hasSecretMark,
  isCapabilityUrl,
  isPasswordHash,
  isPath,
  isPrivatePem,
  isPublicDsn,
  isPublicPem,
  isPublishable,
  isUrl,
  userinfoOf,
} from './values.ts'

/** What the form of the value decides, whatever the name says; `null`: nothing. */
export function judgeByValue(subject: Subject): Verdict | null {
  const { text } = subject
  if (text === '') return null
  if (isPrivatePem(text)) return { kind: 'secret', confidence: 0.99, why: 'the value is a private key' }
  if (isPublicPem(text)) return { kind: 'setting', confidence: 0.95, why: 'the value is a public certificate or key' }
  if (isPasswordHash(text)) return { kind: 'verifier', confidence: 0.95, why: 'the value is the hash of a password: it checks one and cannot log in' }
  if (isPublicDsn(text)) return { kind: 'public-dsn', confidence: 0.97, why: 'an address with a key that is made to be shown' }
  if (userinfoOf(text) !== null) return { kind: 'dsn', confidence: 0.98, why: 'an address with a password inside' }
  if (isCapabilityUrl(text)) return { kind: 'secret', confidence: 0.97, why: 'whoever knows this address may post to it' }
  if (hasPasswordPart(text)) return { kind: 'secret', confidence: 0.93, why: 'the value has a password or key among its parts' }
  if (isPublishable(text)) return { kind: 'identifier', confidence: 0.93, why: 'the value has the mark of a key that may be shown' }
  // A file that is named for a secret is a setting; a password may look like anything.
  if (isPath(text) && !endsInPassword(subject)) return { kind: 'setting', confidence: 0.93, why: 'the value is the path of a file' }
  if (hasSecretMark(text)) return { kind: 'secret', confidence: 0.97, why: "the value has the mark of a vendor's secret key" }
  if (isUrl(text) && (subject.words.some((word) => ADDRESSES.has(word)) || !endsInPassword(subject))) {
    return { kind: 'setting', confidence: 0.9, why: 'an address without a password' }
  }
  return null
}

const endsInPassword = (subject: Subject): boolean => PASSWORDS.has(subject.words.at(-1) ?? '')
