import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, type Scalar, visit, type YAMLMap } from 'yaml'
import { isSecret, judge } from './judge.ts'

/** What a compose file says of secrets. Nothing here holds a value, and the file is never edited. */
export interface ComposeFindings {
  readonly notes: readonly string[]
  /** Paths of `env_file`, as written, each once. */
  readonly envFiles: readonly string[]
}

interface Setting {
  readonly name: string
  readonly value: string
  readonly line: number
}

/** `${NAME:-words}` and `${NAME-words}`. */
const FALLBACK = /\$\{([A-Za-z_]\w*):?-([^{}]*)\}/g

/**
 * Reads `environment` (map and list), `env_file` (short and long), `build.args`, and every `${NAME:-fallback}`, also through
 * anchors and merge keys. A text that is no YAML says nothing: it is not ours to complain about.
 *
 * @param file what notes call it
 */
export function readComposeFile(file: string, text: string): ComposeFindings {
  const counter = new LineCounter()
  const document = parseDocument(text, { logLevel: 'silent', lineCounter: counter, merge: true, uniqueKeys: false })
  if (document.errors.length > 0) return { notes: [], envFiles: [] }
  const resolved = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node)
  const lineOf = (node: unknown): number => counter.linePos((node as Node | null)?.range?.[0] ?? 0).line
  const at = (node: unknown, key: string): unknown => (isMap(node) ? resolved((node as YAMLMap).get(key, true)) : undefined)

  const settingsOf = (node: unknown): readonly Setting[] => {
    if (isMap(node)) return (node as YAMLMap).items.flatMap((pair) => (keyOf(pair) === '<<' ? mergedOf(pair) : pairSetting(pair)))
    if (!isSeq(node)) return []
    return node.items.flatMap((item) => {
      const written = resolved(item)
      const [, name, value] = isScalar(written) ? (/^([^=]+)=([\s\S]*)$/.exec(String(written.value)) ?? []) : []
      return name === undefined || value === undefined ? [] : [{ name, value, line: lineOf(written) }]
    })
  }
  const mergedOf = (pair: Pair): readonly Setting[] => {
    const from = resolved(pair.value)
    return isSeq(from) ? from.items.flatMap((item) => settingsOf(resolved(item))) : settingsOf(from)
  }
  const pairSetting = (pair: Pair): readonly Setting[] => {
    const value = resolved(pair.value)
    if (!isScalar(value) || value.value === null) return []
    return [{ name: keyOf(pair), value: String(value.value), line: lineOf(pair.key) }]
  }

  const notes = new Set<string>()
  const envFiles = new Set<string>()
  const services = at(document.contents, 'services')
  for (const pair of isMap(services) ? (services as YAMLMap).items : []) {
    const service = resolved(pair.value)
    for (const { name, value, line } of settingsOf(at(service, 'environment'))) {
      if (isLiteralSecret(name, value)) notes.add(`${file}, line ${line} holds the value of ${name}: write \${${name}} there, and the value into the env file`)
    }
    for (const { name, value, line } of settingsOf(at(at(service, 'build'), 'args'))) {
      if (isSecret(judge(name, value))) {
        notes.add(`${file}, line ${line}: the build argument ${name} stays readable in the image; give it as a build secret (RUN --mount=type=secret)`)
      }
    }
    for (const path of pathsOf(at(service, 'env_file'), resolved)) envFiles.add(path)
  }
  for (const { name, line } of fallbacksIn(document, lineOf)) {
    notes.add(`${file}, line ${line}: where ${name} is not set, everybody who has read the file knows its value; write \${${name}:?} there`)
  }
  return { notes: [...notes], envFiles: [...envFiles] }
}

/** A value and not a reference to one; what Compose reads as `$$` is a dollar sign. */
const isLiteralSecret = (name: string, value: string): boolean => {
  const plain = value.replaceAll('$$', '')
  if (plain.trim() === '' || /\$[A-Za-z_{]/.test(plain)) return false
  const judged = judge(name, value)
  return isSecret(judged) && judged.state !== 'empty'
}

const keyOf = (pair: Pair): string => String((pair.key as Scalar | null)?.value ?? '')

function pathsOf(node: unknown, resolved: (node: unknown) => unknown): readonly string[] {
  if (isScalar(node)) return typeof node.value === 'string' ? [node.value] : []
  if (isSeq(node)) return node.items.flatMap((item) => pathsOf(resolved(item), resolved))
  return isMap(node) ? pathsOf(resolved((node as YAMLMap).get('path', true)), resolved) : []
}

function fallbacksIn(
  document: ReturnType<typeof parseDocument>,
  lineOf: (node: unknown) => number,
): readonly { readonly name: string; readonly line: number }[] {
  const found: { readonly name: string; readonly line: number }[] = []
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value !== 'string') return
      for (const [, name = '', words = ''] of node.value.matchAll(FALLBACK)) {
        const judged = judge(name, words)
        if (words !== '' && isSecret(judged) && judged.state !== 'empty') found.push({ name, line: lineOf(node) })
      }
    },
  })
  return found
}
