import { hasPasswordPart, isCertificate, isPrivatePem } from './values.ts'

/** What is packed into a value: JSON, PEM and tokens in base64. These take the plain text, as `values.ts` does. */

/** No more than this is unpacked. */
const LARGEST = 64 * 1024

/** The text that a base64 value holds; `null` where it is none, or holds no text. */
function unpacked(value: string): string | null {
  const packed = value.replace(/^base64:/, '').replace(/\s+/g, '')
  if (packed.length < 16 || packed.length > LARGEST || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(packed)) return null
  const text = Buffer.from(packed, 'base64').toString('utf8')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what has them is no text
  return /[\0-\x08\x0e-\x1f\ufffd]/.test(text) ? null : text
}

/** A private key, a key file or a login, in base64. */
export function packsSecret(value: string): boolean {
  const text = unpacked(value)
  return text !== null && (isPrivatePem(text) || hasPasswordPart(text) || /^\{"[a-z]{1,2}":".+","[a-z]{1,2}":"/.test(text))
}

/** `user:password` in base64, as HTTP's basic authentication has it. */
export function packsPair(value: string): boolean {
  const text = unpacked(value)
  return text !== null && /^[\x21-\x39\x3b-\x7e]{1,64}:[\x21-\x7e]{3,}$/.test(text)
}

/** A certificate in base64. */
export const packsCertificate = (value: string): boolean => {
  const text = unpacked(value)
  return text !== null && !isPrivatePem(text) && isCertificate(text)
}

/** What a JSON web token says about its bearer; `null` for what is no such token. */
export function roleOf(value: string): 'public' | 'secret' | null {
  const payload = /^eyJ[\w-]{4,}\.(e[wy][\w-]+)\.[\w-]*$/.exec(value)?.[1]
  if (payload === undefined || payload.length > LARGEST) return null
  try {
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as { readonly role?: unknown }
    return claims.role === 'anon' || claims.role === 'public' ? 'public' : 'secret'
  } catch {
    return null
  }
}
