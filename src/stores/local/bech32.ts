const ALPHABET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'

/**
 * The 32 bytes in an `age1...` recipient or an `AGE-SECRET-KEY-1...` identity. Its checksum is not looked at: every text
 * that comes here was accepted by the age library before.
 */
export function keyBytes(text: string): Buffer {
  const data = text.toLowerCase().slice(text.lastIndexOf('1') + 1, -6)
  const bytes: number[] = []
  let bits = 0
  let pool = 0
  for (const char of data) {
    pool = ((pool << 5) | ALPHABET.indexOf(char)) & 0xfff
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes.push((pool >> bits) & 0xff)
    }
  }
  return Buffer.from(bytes)
}
