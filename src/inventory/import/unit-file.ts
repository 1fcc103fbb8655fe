import { isSecret, judge } from './judge.ts'

/** What a systemd unit says of secrets. Nothing here holds a value, and the file is never edited. */
export interface UnitFindings {
  readonly notes: readonly string[]
  /** Paths of `EnvironmentFile=`, without the `-` of those that may be missing. */
  readonly envFiles: readonly string[]
}

/**
 * Reads `Environment=` and `EnvironmentFile=` of a unit. Lines that end in a backslash go on.
 *
 * @param file what notes call it
 */
export function readUnitFile(file: string, text: string): UnitFindings {
  const notes: string[] = []
  const envFiles = new Set<string>()
  for (const { key, value, line } of directivesOf(text)) {
    if (key === 'EnvironmentFile' && value !== '') envFiles.add(value.replace(/^-/, '').trim())
    if (key !== 'Environment') continue
    for (const word of wordsOfUnit(value)) {
      const [, name = '', given = ''] = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(word) ?? []
      if (name === '' || given === '') continue
      const judged = judge(name, given)
      if (isSecret(judged) && judged.state !== 'empty') {
        notes.push(`${file}, line ${line} holds the value of ${name}, and "systemctl show" tells it to everybody: move it into a file for EnvironmentFile=`)
      }
    }
  }
  return { notes, envFiles: [...envFiles] }
}

interface Directive {
  readonly key: string
  readonly value: string
  readonly line: number
}

function directivesOf(text: string): readonly Directive[] {
  const found: Directive[] = []
  const lines = text.split(/\r?\n/)
  for (let at = 0; at < lines.length; at++) {
    const line = at + 1
    let whole = lines[at] ?? ''
    if (/^\s*[#;]/.test(whole)) continue
    while (whole.endsWith('\\') && at + 1 < lines.length) whole = `${whole.slice(0, -1)} ${lines[++at] ?? ''}`
    const [, key = '', value = ''] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(whole) ?? []
    if (key !== '') found.push({ key, value, line })
  }
  return found
}

/** Separated by blanks; quotes of either kind keep them together, around the whole or a part. */
const wordsOfUnit = (value: string): readonly string[] =>
  [...value.matchAll(/(?:"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|((?:\\.|[^\s"'\\])+))+/g)].map(([whole]) =>
    whole.replace(/"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'/g, '$1$2'),
  )
