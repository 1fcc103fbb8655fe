import { SECRET_NAME } from '../schema.ts'
import { wordsOf } from './words.ts'

/** They say that it is a secret, which is known already: `OPENAI_API_KEY` is `openai`. */
const SAID = new Set(
  `password passwd pass passphrase passcode pwd pw secret secrets key keys token tokens credential credentials creds api auth access private
  url uri dsn connection string bearer user username login value contents base64 b64 json`.split(/\s+/),
)

/** Names in the order of preference, shortest first: what the words say without "password", "key" and their like. */
export function namesFor(variables: readonly string[]): readonly string[] {
  const all = variables.map(wordsOf)
  const words = commonStart(all)
  const whole = all[0] ?? []
  const stem = trimmed(words.length === 0 ? whole : words)
  const short = stem.includes('ari') ? ['ari'] : stem.length > 2 && stem[0] === 'next' && (stem[1] === 'private' || stem[1] === 'public') ? stem.slice(2) : stem
  return [short, stem, words.length === 0 ? whole : words, whole].map(asName).filter((name, at, names) => name !== '' && names.indexOf(name) === at)
}

/** A name that is not taken yet; it is taken afterwards. */
export function takeName(variables: readonly string[], taken: Set<string>): string {
  const wanted = namesFor(variables)
  const base = wanted.at(-1) ?? 'secret'
  const free = wanted.find((name) => !taken.has(name))
  let name = free ?? base
  for (let n = 2; taken.has(name); n++) name = `${base.slice(0, 58)}-${n}`
  taken.add(name)
  return name
}

function trimmed(words: readonly string[]): readonly string[] {
  let end = words.length
  while (end > 0 && SAID.has(words[end - 1] ?? '')) end--
  // Nothing but such words: the name itself is the best there is.
  return end === 0 ? words : words.slice(0, end)
}

function commonStart(all: readonly (readonly string[])[]): readonly string[] {
  const [first = [], ...rest] = all
  let end = 0
  while (end < first.length && rest.every((words) => words[end] === first[end])) end++
  return first.slice(0, end)
}

const asName = (words: readonly string[]): string => {
  const name = words.join('-').slice(0, 60)
  return SECRET_NAME.test(name) ? name : ''
}
