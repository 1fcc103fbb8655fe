import { randomInt } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/**
 * Values made to be found. Every secret in a test is one, and after every test all that was printed is searched for them;
 * a test searches the files that it made with {@link filesWithCanary}.
 */

const ALPHABET = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'
const SHAPE = /canary-[A-Za-z0-9_-]{8,}|[A-Za-z0-9_-]*CANARY[A-Za-z0-9_-]*/
const watched = new Set<string>()

/** A strong value with the recognisable prefix `canary-`; `length` counts what follows it. */
export function canary(length = 32): string {
  let random = ''
  for (let i = 0; i < length; i++) random += ALPHABET[randomInt(ALPHABET.length)]
  return watch(`canary-${random}`)
}

/** Makes any other value be searched for, such as one that the program invented. Returns it. */
export function watch(value: string): string {
  if (value.length < 6) throw new Error(`"${value}" is too short to be searched for: it would be found by chance`)
  watched.add(value)
  return value
}

/** The canary that stands in the text, plain or encoded; `null` for none. `except`: values that may stand there. */
export function findCanary(text: string, except: readonly string[] = []): string | null {
  let rest = text
  for (const value of [...except].sort((a, b) => b.length - a.length)) rest = rest.replaceAll(value, '')
  const shaped = SHAPE.exec(rest)?.[0]
  if (shaped !== undefined) return shaped
  for (const value of watched) {
    if (except.includes(value)) continue
    if (disguises(value).some((disguise) => rest.includes(disguise))) return value
  }
  return null
}

/** Fails when the text holds a canary. `where` says whose text it is. */
export function expectNoCanary(text: string, where: string, except: readonly string[] = []): void {
  const found = findCanary(text, except)
  if (found !== null) throw new Error(`a secret value is in ${where}: ${found}\n${excerpt(text, found)}`)
}

/**
 * The files below a folder that hold a canary, in their content or their name; relative and sorted. Read as bytes: also
 * databases and archives are searched.
 */
export function filesWithCanary(folder: string, except: readonly string[] = []): readonly string[] {
  const found: string[] = []
  for (const name of readdirSync(folder, { recursive: true }) as string[]) {
    const file = path.join(folder, name)
    const content = lstatSync(file).isFile() ? readFileSync(file, 'latin1') : ''
    if (findCanary(name, except) !== null || findCanary(content, except) !== null) found.push(name)
  }
  return found.sort()
}

/** The ways in which a value slips through: as it is, in JSON, a URL, hex, and base64 at any of its three offsets. */
function disguises(value: string): readonly string[] {
  const bytes = Buffer.from(value)
  const shifted = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
    // The first and last characters depend on what stands around the value.
    return text.slice(offset === 0 ? 0 : offset + 1, -4)
  })
  const url = shifted.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))
  const all = [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value), bytes.toString('hex'), ...shifted, ...url]
  return all.filter((text) => text.length >= 6)
}

function excerpt(text: string, found: string): string {
  const at = text.indexOf(found)
  return at === -1 ? '(encoded)' : `... ${text.slice(Math.max(0, at - 80), at + found.length + 40)} ...`
}
