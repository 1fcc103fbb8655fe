import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** Source files by their path from the top of the repository, with `/`. */
export type Sources = ReadonlyMap<string, string>

const ROOT = path.join(import.meta.dirname, '../..')

export function readSources(folders: readonly string[]): Sources {
  const files = folders.flatMap((folder) => (readdirSync(path.join(ROOT, folder), { recursive: true }) as string[]).map((name) => `${folder}/${name}`))
  return new Map(files.filter((name) => name.endsWith('.ts')).map((name) => [name, readFileSync(path.join(ROOT, name), 'utf8')]))
}

export interface Import {
  readonly from: string
  /** A file of ours as its path from the top, or a package or Node module by its name. */
  readonly to: string
  readonly ours: boolean
  /** Gone when the program runs. */
  readonly typeOnly: boolean
  /** By `import()`: loaded when asked for. */
  readonly lazy: boolean
}

const STATIC = /^(?:import|export)\s+(type\s)?(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]/gm
const LAZY = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g

/** Every import of a file, also of types alone. The formatter keeps statements at the start of a line, which is relied on. */
export function importsOf(file: string, text: string): readonly Import[] {
  const code = withoutComments(text)
  const make = (specifier: string, typeOnly: boolean, lazy: boolean): Import => {
    const ours = specifier.startsWith('.')
    return { from: file, to: ours ? path.posix.join(path.posix.dirname(file), specifier) : specifier, ours, typeOnly, lazy }
  }
  return [
    ...[...code.matchAll(STATIC)].map(([, type, specifier = '']) => make(specifier, type !== undefined, false)),
    ...[...code.matchAll(LAZY)].map(([, specifier = '']) => make(specifier, false, true)),
  ]
}

/** Lines that are comments become empty, so that line numbers stay; a comment after code goes too. */
export function withoutComments(text: string): string {
  return text
    .replaceAll(/\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, ' '))
    .split('\n')
    .map((line) => line.replace(/(^|\s)\/\/ .*$/, ''))
    .join('\n')
}
