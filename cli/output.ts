import type { KeyturnError } from '../src/errors.ts'
import { fitted, type Width } from './wrap.ts'

/** Where text can be written to: a process stream, or a test's list. */
export interface Sink {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

/** A text in pieces, so that a big one is never whole in memory. */
export type Pieces = Iterable<string> | AsyncIterable<string>

export type LogLevel = 'error' | 'warn' | 'info' | 'debug'

const LEVELS: readonly LogLevel[] = ['error', 'warn', 'info', 'debug']

/** Bytes gathered before a write: one system call for a table, and never a whole big report in memory. */
const CHUNK = 64 * 1024

/** Columns where nobody can tell: wide enough for a table that is piped into a file. */
const WIDTH_UNKNOWN = 120

/**
 * The only writer to the terminal. Results go to stdout, everything else to stderr. With `--json` stdout holds exactly
 * one JSON document, be it the result or the error. Where a person reads it, long lines are broken between words; what is
 * streamed is left as it is, so that a value or a file can be copied.
 */
export interface Output {
  readonly json: boolean
  readonly quiet: boolean
  /** Colours may be used on stdout. */
  readonly color: boolean
  /** Columns of stdout. */
  readonly width: number
  /** stdout is a terminal. */
  readonly terminal: boolean
  /** What the command was asked for: a table, a value, a plan. Printed with `--quiet` too. */
  print(text: string): void
  /** Text in pieces, as it is: nothing is added between them, and no line is broken. */
  stream(pieces: Pieces): Promise<void>
  /** What was done, in words, on stdout: `--quiet` drops it. With `--json` it goes to stderr. */
  say(text: string): void
  /** Progress and remarks on stderr: `--quiet` drops them. */
  note(text: string): void
  /** Something a person should see although it went well; stderr, also with `--quiet`. */
  warn(text: string, hint?: string): void
  debug(text: string): void
  /** The one document of `--json`. A second one is a fault of ours. */
  document(value: unknown): void
  /** The same in pieces that together are one JSON text. */
  documentStream(pieces: Pieces): Promise<void>
  /** `secrets: error:` and `secrets: hint:` on stderr; with `--json` also the document `keyturn/error@1`. */
  fail(error: KeyturnError): void
}

export interface OutputOptions {
  readonly stdout: Sink
  readonly stderr: Sink
  readonly json: boolean
  readonly quiet: boolean
  readonly color: boolean
  readonly level: LogLevel
}

/** A terminal that does not tell its size gives 0. */
export const widthOf = ({ isTTY, columns }: Sink): Width => ({ terminal: isTTY === true, width: columns || WIDTH_UNKNOWN })

export function createOutput(options: OutputOptions): Output {
  const { stdout, stderr, json, quiet } = options
  const level = quiet && options.level === 'info' ? 'warn' : options.level
  const shows = (wanted: LogLevel): boolean => LEVELS.indexOf(wanted) <= LEVELS.indexOf(level)
  const lines = (sink: Sink, text: string): void => {
    const whole = fitted(widthOf(sink), text)
    sink.write(whole.endsWith('\n') ? whole : `${whole}\n`)
  }
  /** File names, and what others said, may hold what a terminal obeys. No message of ours does. */
  const tell = (text: string): void => lines(stderr, text.replace(/(?![\n\t])\p{Cc}/gu, '?'))
  const pour = async (sink: Sink, pieces: Pieces): Promise<void> => {
    let held = ''
    for await (const piece of pieces) {
      held += piece
      if (held.length < CHUNK) continue
      sink.write(held)
      held = ''
    }
    if (held !== '') sink.write(held)
  }
  let documents = 0
  const onlyDocument = (): void => {
    documents += 1
    if (documents > 1) throw new Error('a second JSON document')
  }
  const document = (value: unknown): void => {
    onlyDocument()
    stdout.write(`${JSON.stringify(value, null, 2)}\n`)
  }
  // A command that forgets to look at `json` must not spoil the document on stdout.
  const results = json ? stderr : stdout
  return {
    json,
    quiet,
    color: options.color && stdout.isTTY === true,
    ...widthOf(stdout),
    print: (text) => lines(results, text),
    stream: (pieces) => pour(results, pieces),
    say: (text) => {
      if (!quiet) lines(results, text)
    },
    note: (text) => {
      if (shows('info')) tell(text)
    },
    warn: (text, hint) => {
      if (!shows('warn')) return
      tell(`secrets: warning: ${text}`)
      if (hint) tell(`secrets: hint: ${hint}`)
    },
    debug: (text) => {
      if (shows('debug')) tell(`secrets: debug: ${text}`)
    },
    document,
    documentStream: async (pieces) => {
      onlyDocument()
      await pour(stdout, pieces)
      stdout.write('\n')
    },
    fail: (error) => {
      tell(`secrets: error: ${error.message}`)
      for (const detail of error.details) tell(`  ${detail}`)
      if (error.hint) tell(`secrets: hint: ${error.hint}`)
      if (!json || documents > 0) return
      const { code, message, hint, details } = error
      document({ schema: 'keyturn/error@1', code, message, hint, details })
    },
  }
}
