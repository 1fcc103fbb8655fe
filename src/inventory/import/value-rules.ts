import { hasSecretParameter, hasTokenUser, isCapabilityUrl } from './capability.ts'
import type { Subject, Verdict } from './classify.ts'
import { packsCertificate, packsSecret, roleOf } from './encoded.ts'
import { hasPublicPrefix } from './key-rules.ts'
import { ADDRESSES, PASSWORDS } from './nouns.ts'
import {
  hasPasswordPart,
  hasSecretMark,
  isBareDsn,
  isCertificate,
  isPasswordHash,
  isPath,
  isPointer,
  isPrivatePem,
  isPublicDsn,
  isPublicForm,
  isPublicKey,
  isPublishable,
  isUrl,
  userinfoOf,
} from './values.ts'
import { dsn, identifier, secret, setting, verdict } from './verdicts.ts'

/** What the form of the value decides, whatever the name says; `null`: nothing. */
export function judgeByValue(subject: Subject): Verdict | null {
  const { text } = subject
  if (text === '') return null
  if (isPrivatePem(text)) return secret(0.99, 'the value is a private key')
  if (isPublicKey(text)) return identifier(0.95, 'the value is a public key')
  if (isCertificate(text) || packsCertificate(text)) return setting(0.95, 'the value is a certificate, which is public')
  if (isPasswordHash(text)) return verdict('verifier', 0.95, 'the value is the hash of a password: it checks one and cannot log in')
  return judgeAddressForm(subject) ?? judgeMarks(subject)
}

function judgeAddressForm({ text, words }: Subject): Verdict | null {
  if (isPublicDsn(text)) return verdict('public-dsn', 0.97, 'an address with a key that is made to be shown')
  if (userinfoOf(text) !== null || isBareDsn(text)) return dsn(0.98, 'an address with a password inside')
  if (hasTokenUser(text)) return secret(0.95, 'an address with a token inside')
  if (isCapabilityUrl(text, words)) return secret(0.9, 'whoever knows this address may use it')
  if (hasPasswordPart(text) || hasSecretParameter(text)) return secret(0.93, 'the value has a password or key among its parts')
  return null
}

function judgeMarks(subject: Subject): Verdict | null {
  const { text } = subject
  const role = roleOf(text)
  if (role === 'public') return identifier(0.9, 'a token for everybody: it says so itself (role anon)')
  if (isPublishable(text)) return identifier(0.93, 'the value has the mark of a key that may be shown')
  // A file that is named for a secret is a setting; a password may look like anything.
  if (isPath(text) && !endsInPassword(subject)) return setting(0.93, 'the value is the path of a file')
  if (isPublicForm(text) && !endsInSecret(subject)) return setting(0.95, 'the value is a checksum or an address on a chain')
  if (isPointer(text)) return setting(0.85, 'it names a secret that is kept elsewhere')
  if ((role === 'secret' || hasSecretMark(text)) && !isMeantForBrowsers(subject)) return secret(0.97, "the value has the mark of a vendor's secret key")
  if (isAuthorization(text)) return secret(0.95, 'the value is an Authorization header, with what logs in')
  if (packsSecret(text)) return secret(0.95, 'the value is a key file or a login in base64')
  if (isUrl(text) && (subject.words.some((word) => ADDRESSES.has(word)) || !endsInPassword(subject))) return setting(0.9, 'an address without a password')
  return null
}

/** What HTTP sends to log in: a scheme, and what proves it. */
const isAuthorization = (text: string): boolean => /^(?:basic|bearer|token|apikey) [\w+/=.:~-]{12,}$/i.test(text)

/** Keys of Google open what their owner allowed them to, and an `eyJ` that cannot be read is a sample: there the name decides. */
const isMeantForBrowsers = ({ text, words }: Subject): boolean =>
  hasPublicPrefix(words) && (text.startsWith('AIza') || (text.startsWith('eyJ') && roleOf(text) !== 'secret'))

const endsInSecret = (subject: Subject): boolean => /(^|_)(secret|key|password)$/.test(subject.words.join('_'))

const endsInPassword = (subject: Subject): boolean => PASSWORDS.has(subject.words.at(-1) ?? '')
