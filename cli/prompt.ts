import { KeyturnError } from '../src/errors.ts'
import { Sensitive } from '../src/sensitive.ts'
import { interrupted } from './failure.ts'
import { type Sink, widthOf } from './output.ts'
import { fitted } from './wrap.ts'

/** The part of `process.stdin` that is used; a test gives a stream of its own. */
export interface Keyboard extends AsyncIterable<Uint8Array | string> {
  readonly isTTY?: boolean
  setRawMode?(raw: boolean): unknown
  on(event: 'data', listener: (chunk: Uint8Array | string) => void): unknown
  on(event: 'end', listener: () => void): unknown
  removeListener(event: string, listener: (...args: never[]) => void): unknown
  resume(): unknown
  pause(): unknown
}

/**
 * Questions to a person. They are asked on stderr, so that stdout stays the result. Without a terminal nothing is asked:
 * NOT_A_TERMINAL names the option that answers. Ctrl-C throws INTERRUPTED.
 */
export interface Prompts {
  /** Somebody is there to answer. */
  readonly possible: boolean
  /** Yes or no; `--yes` answers without asking. `otherwise` is what Enter means. */
  confirm(question: string, otherwise?: boolean): Promise<boolean>
  /** Goes on only with a yes, else CONFIRMATION_FAILED with what was left as it was. Enter means no. */
  agreed(question: string, instead?: { readonly left?: string; readonly hint?: string }): Promise<void>
  /** One line, shown as it is typed. `instead`: the option to use without a terminal. */
  line(question: string, instead: string): Promise<string>
  /** One line that is not shown. VALUE_REFUSED if it is empty. */
  hidden(question: string, instead: string): Promise<Sensitive<string>>
  /** Goes on only if what is typed fits, else CONFIRMATION_FAILED. `--yes` does not answer it. */
  typed(question: string, fits: (answer: string) => boolean, instead: string): Promise<void>
}

export interface PromptOptions {
  readonly keyboard: Keyboard
  readonly screen: Sink
  readonly yes: boolean
  readonly signal: AbortSignal
}

export function createPrompts(options: PromptOptions): Prompts {
  const { keyboard, screen, yes } = options
  const possible = keyboard.isTTY === true && screen.isTTY === true
  const needed = (question: string, instead: string): void => {
    if (possible) return
    throw new KeyturnError('NOT_A_TERMINAL', `a person has to answer "${question.trim()}", and there is no terminal`, { hint: `use ${instead}` })
  }
  const line = async (question: string, instead: string): Promise<string> => {
    needed(question, instead)
    return readLine(options, question, true)
  }
  const confirm = async (question: string, otherwise = true): Promise<boolean> => {
    if (yes) return true
    needed(question, '--yes')
    for (;;) {
      const answer = (await readLine(options, `${question} [${otherwise ? 'Y/n' : 'y/N'}] `, true)).trim().toLowerCase()
      if (answer === '') return otherwise
      if (answer === 'y' || answer === 'yes') return true
      if (answer === 'n' || answer === 'no') return false
    }
  }
  return {
    possible,
    confirm,
    agreed: async (question, { left = 'nothing was changed', hint = 'answer with y, or use --yes' } = {}) => {
      if (!(await confirm(question, false))) throw new KeyturnError('CONFIRMATION_FAILED', left, { hint })
    },
    line,
    hidden: async (question, instead) => {
      needed(question, instead)
      const value = await readLine(options, question, false)
      if (value === '') throw new KeyturnError('VALUE_REFUSED', 'nothing was typed', { hint: 'nothing was changed; run the command again' })
      return new Sensitive(value)
    },
    typed: async (question, fits, instead) => {
      if (!fits((await line(question, instead)).trim())) throw new KeyturnError('CONFIRMATION_FAILED', 'what was typed does not match')
    },
  }
}

/**
 * Reads one line key by key. Our own reader, since a hidden value must not pass through a line editor that keeps a history
 * or echoes, and since loading one costs more than this.
 */
function readLine({ keyboard, screen, signal }: PromptOptions, question: string, shown: boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const decoder = new TextDecoder()
    let typed: string[] = []
    const finish = (end: () => void): void => {
      keyboard.removeListener('data', listen)
      keyboard.removeListener('end', over)
      signal.removeEventListener('abort', stop)
      keyboard.setRawMode?.(false)
      keyboard.pause()
      screen.write('\n')
      end()
    }
    const stop = (): void => finish(() => reject(interrupted()))
    const over = (): void => (typed.length > 0 ? finish(() => resolve(typed.join(''))) : stop())
    const erase = (count: number): void => {
      typed = typed.slice(0, typed.length - count)
      if (shown) screen.write('\b \b'.repeat(count))
    }
    const listen = (chunk: Uint8Array | string): void => {
      const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
      // Arrow keys and their like come as escape sequences; a paste may be framed by two of them.
      for (const key of text.replace(ESCAPES, '')) {
        const end = ENDS[key]
        if (end) {
          // What was typed after it belongs to nobody.
          if (end === 'enter') finish(() => resolve(typed.join('')))
          else if (end === 'cancel') stop()
          else over()
          return
        }
        if (key === '\u007f' || key === '\b') erase(Math.min(1, typed.length))
        else if (key === '\u0015') erase(typed.length)
        else if (key >= ' ') {
          typed.push(key)
          if (shown) screen.write(key)
        }
      }
    }
    if (signal.aborted) {
      reject(interrupted())
      return
    }
    // Before the question: whoever types at once must not see the terminal echo it.
    keyboard.setRawMode?.(true)
    screen.write(fitted(widthOf(screen), question))
    signal.addEventListener('abort', stop)
    keyboard.on('data', listen)
    keyboard.on('end', over)
    keyboard.resume()
  })
}

const ENDS: Readonly<Record<string, 'enter' | 'cancel' | 'over'>> = { '\r': 'enter', '\n': 'enter', '\u0003': 'cancel', '\u0004': 'over' }

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const ESCAPES = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|O[A-Za-z]|.?)/g
