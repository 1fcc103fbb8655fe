import { type Document, isScalar, LineCounter, parseDocument, visit, type YAMLError, type Node as YamlNode } from 'yaml'
import { buildTree } from './build.ts'
import type { Place, Problem } from './problem.ts'
import type { Source } from './source.ts'
import { explainSyntax } from './syntax.ts'
import type { Node } from './tree.ts'

/** What one file says, and what is wrong with it as YAML. `root` is `null` when nothing can be made of it. */
export interface Parsed {
  readonly root: Node | null
  readonly problems: readonly Problem[]
}

/** Parses YAML 1.2 (with `<<` merge keys). All syntax errors at once; never throws; no message quotes the file's text. */
export function parseYaml(source: Source): Parsed {
  const lines = new LineCounter()
  const problems: Problem[] = []
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(Math.min(Math.max(offset, 0), source.text.length))
    return { file: source.file, line: Math.max(line, 1), col: Math.max(col, 1) }
  }
  const report = (offset: number, message: string, hint?: string) => problems.push({ ...at(offset), message, ...(hint ? { hint } : {}) })

  let document: ReturnType<typeof parseDocument>
  try {
    // uniqueKeys: yaml compares every key with every other, which takes minutes for large files; the tree below does it by a map.
    document = parseDocument(source.text, {
      lineCounter: lines,
      prettyErrors: false,
      stringKeys: true,
      uniqueKeys: false,
      resolveKnownTags: false,
      logLevel: 'error',
    })
  } catch {
    report(0, 'the file is nested too deeply', 'an inventory has a handful of levels')
    return { root: null, problems }
  }
  for (const error of decisive([...document.errors, ...document.warnings])) {
    const [message, hint, opened] = explainSyntax(error)
    report((opened && lastUnclosed(document, source.text, opened)) ?? error.pos[0], message, hint)
  }
  if (document.directives?.yaml.version === '1.1') report(0, 'YAML 1.1 is not read here', 'take the line "%YAML 1.1" away')
  // After a syntax error the rest is guesswork: its problems would be about what nobody wrote.
  if (problems.length > 0) return { root: null, problems }
  const contents = document.contents as YamlNode | null
  if (contents === null || (isScalar(contents) && contents.value === null)) {
    return { root: null, problems: [{ ...at(0), message: 'the file is empty', hint: 'make one with "secrets init .env"' }] }
  }
  const root = buildTree(contents, at, report)
  if (root.kind !== 'map') {
    report(
      contents.range?.[0] ?? 0,
      'this is no inventory: it should begin with keys such as "id:" and "secrets:"',
      'is it the right file? "secrets init .env" makes one',
    )
    return { root: null, problems }
  }
  return { root, problems }
}

/** Where one cause makes a hundred errors, the cause. */
function decisive(errors: readonly YAMLError[]): readonly YAMLError[] {
  const exhausted = errors.find((error) => error.code === 'RESOURCE_EXHAUSTION')
  return exhausted ? [exhausted] : errors
}

/** Where the quote or bracket was opened that is never closed; yaml itself points at the end of the file. */
function lastUnclosed(document: Document<YamlNode, boolean>, text: string, what: 'quote' | 'bracket'): number | undefined {
  let found: number | undefined
  visit(document, {
    Scalar(_, node) {
      const quote = node.type === 'QUOTE_DOUBLE' ? '"' : node.type === 'QUOTE_SINGLE' ? "'" : null
      if (what !== 'quote' || !quote || !node.range) return
      const [start, end] = node.range
      if (end - start < 2 || text[end - 1] !== quote) found = start
    },
    Collection(_, node) {
      if (what !== 'bracket' || !node.flow || !node.range) return
      const [start, end] = node.range
      if (text[end - 1] !== (text[start] === '{' ? '}' : ']')) found = start
    },
  })
  return found
}
