/** What a guard looks for. */
export type GuardRule = 'docker-context' | 'docker-rules' | 'file-link' | 'file-mode' | 'file-owner' | 'git-committed' | 'git-ignored' | 'git-tracked'

/** What it found. Holds no value. */
export interface GuardFinding {
  readonly rule: GuardRule
  /** The file that it is about, for a person. */
  readonly file: string
  /** What was seen. */
  readonly message: string
  /** The next command. */
  readonly hint: string
  /** `check --fix` mends it. */
  readonly fix: boolean
  /** The ignore file that is to change, where one is: absolute. */
  readonly at?: string
  /** What `--fix` does to its mode. */
  readonly chmod?: { readonly path: string; readonly mode: number }
}

/** A word for a POSIX shell, as short as it may be. */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text
  if (/\p{Cc}/u.test(text)) {
    const escaped = text.replace(/[\\']/g, '\\$&').replace(/\p{Cc}/gu, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)
    return `$'${escaped}'`
  }
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** A name on a terminal: what a terminal would obey is not let through. */
export const shownName = (name: string): string => name.replace(/\p{Cc}/gu, '?')
