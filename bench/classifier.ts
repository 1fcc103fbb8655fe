import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { isKeyturnError } from '../src/errors.ts'
import { type Classified, classify, type Kind } from '../src/inventory/import/classify.ts'
import { understand } from '../src/inventory/import/understand.ts'
import { Sensitive } from '../src/sensitive.ts'

/**
 * `npm run bench:classifier -- DIR [--json]`: how well `secrets init` tells secrets from the rest. DIR holds `NAME.env` files, each with
 * `NAME.labels.tsv`: variable, label (secret, dsn, identifier, config), provider, state of the value, note. Rows whose note begins
 * with AMBIG are left out. No value is ever printed.
 */

const TARGET = 0.98
/** What the labels call each kind. A data-encryption key, the hash of a password and an address with a password are secrets there. */
const LABELS: Readonly<Record<Kind, string>> = {
  secret: 'secret',
  'data-key': 'secret',
  verifier: 'secret',
  dsn: 'secret',
  'public-dsn': 'dsn',
  identifier: 'identifier',
  setting: 'config',
}

interface Miss {
  readonly file: string
  readonly name: string
  readonly label: string
  readonly taken: string
  readonly why: string
}

interface Score {
  readonly file: string
  readonly right: number
  /** Called a secret, and is none. */
  readonly wrong: number
  /** A secret that was not called one. */
  readonly missed: number
  readonly misses: readonly Miss[]
}

const json = process.argv.includes('--json')
const [dir] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
if (dir === undefined) fail('which folder? npm run bench:classifier -- DIR (NAME.env and NAME.labels.tsv in it)')
const files = namesIn(dir)
if (files.length === 0) fail(`${dir}: no NAME.env with a NAME.labels.tsv beside it`)
print(files.map((file) => scoreOf(dir, file)))

function namesIn(folder: string): readonly string[] {
  try {
    const all = new Set(readdirSync(folder))
    return [...all].filter((name) => name.endsWith('.env') && all.has(`${name.slice(0, -4)}.labels.tsv`)).map((name) => name.slice(0, -4))
  } catch (error) {
    return fail(`${folder}: cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
}

function scoreOf(folder: string, file: string): Score {
  const found = new Map(classifiedIn(folder, file).map((one) => [one.variable.name, one]))
  let right = 0
  let wrong = 0
  const misses: Miss[] = []
  for (const { name, label } of labelsOf(folder, file)) {
    const one = found.get(name)
    const taken = one === undefined ? 'not read' : LABELS[one.kind]
    if (label === 'secret' && taken === 'secret') right++
    else if (taken === 'secret') wrong++
    if (taken !== label) misses.push({ file, name, label, taken, why: one?.why ?? 'no such variable was read' })
  }
  return { file, right, wrong, missed: misses.filter((miss) => miss.label === 'secret').length, misses }
}

function classifiedIn(folder: string, file: string): readonly Classified[] {
  const name = `${file}.env`
  try {
    return classify(understand(new Sensitive(readFileSync(path.join(folder, name), 'utf8')), name).variables)
  } catch (error) {
    if (!isKeyturnError(error)) throw error
    console.error(`${error.message}: nothing of it counts as found`)
    return []
  }
}

function labelsOf(folder: string, file: string): readonly { readonly name: string; readonly label: string }[] {
  return readFileSync(path.join(folder, `${file}.labels.tsv`), 'utf8')
    .split(/\r?\n/)
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split('\t'))
    .filter(([name, label, , , note = '']) => !(name === 'NAME' && label === 'label') && !note.startsWith('AMBIG'))
    .map(([name = '', label = '']) => ({ name, label }))
}

function print(scores: readonly Score[]): void {
  const sum = (of: (score: Score) => number): number => scores.reduce((total, score) => total + of(score), 0)
  const mean = (of: (score: Score) => number | null): number => {
    const known = scores.map(of).filter((value) => value !== null)
    return known.reduce((total, value) => total + value, 0) / known.length
  }
  const share = (part: number, rest: number): number | null => (part + rest === 0 ? null : part / (part + rest))
  const [right, wrong, missed] = [sum((score) => score.right), sum((score) => score.wrong), sum((score) => score.missed)]
  const figures = [
    { name: 'precision pooled', value: share(right, wrong) ?? 1 },
    { name: 'recall pooled', value: share(right, missed) ?? 1 },
    { name: 'precision per file', value: mean((score) => share(score.right, score.wrong)) },
    { name: 'recall per file', value: mean((score) => share(score.right, score.missed)) },
  ].map(({ name, value }) => ({ name, value: Math.round(value * 10_000) / 10_000, target: TARGET, met: value >= TARGET }))
  const misses = scores.flatMap((score) => score.misses)
  if (json) {
    console.log(JSON.stringify({ schema: 'keyturn/bench@1', files: scores.length, figures, misses }, null, 2))
    return
  }
  const ofSecrets = misses.filter((miss) => miss.label === 'secret' || miss.taken === 'secret')
  const others = misses.length - ofSecrets.length
  for (const { file, name, label, taken, why } of ofSecrets) console.log(`${file}: ${name} is ${label}, was taken for ${taken}: ${why}`)
  if (others > 0) console.log(`${others} more among dsn, identifier and config (--json lists them)`)
  console.log(`${scores.length} files, ${right + missed} secrets: ${right} found, ${missed} missed, ${wrong} called a secret that are none`)
  for (const { name, value, target, met } of figures) console.log(`${name.padEnd(18)}  ${value.toFixed(4)}  target ${target}  ${met ? 'met' : 'MISSED'}`)
}

function fail(sentence: string): never {
  console.error(sentence)
  process.exit(2)
}
