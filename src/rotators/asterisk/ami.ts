import { KeyturnError } from '../../errors.ts'
import type { Sensitive } from '../../sensitive.ts'

/** A session at the Asterisk Manager Interface: `Key: value` lines, an empty line ends an action or an answer. */

export interface AmiSettings {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

export interface AmiAnswer {
  readonly success: boolean
  readonly message: string
  readonly output: readonly string[]
}

export interface AmiSession {
  /** Sends one action and waits for its answer; events in between are passed over. PROVIDER_UNAVAILABLE when the session breaks. */
  act(fields: Readonly<Record<string, string>>): Promise<AmiAnswer>
  close(): void
}

const LONGEST_ANSWER = 256 * 1024

/**
 * Logs in with the first password that is accepted. ADMIN_REJECTED when none is; a refused login takes Asterisk a second.
 * PROVIDER_UNAVAILABLE when nothing answers there.
 */
export async function openAmi(settings: AmiSettings, passwords: readonly Sensitive<string>[]): Promise<AmiSession> {
  for (const password of passwords) {
    const session = await connect(settings)
    const answer = await session.act({ Action: 'Login', Username: settings.user, Secret: password.reveal(), Events: 'off' }).catch((error: unknown) => {
      session.close()
      throw error
    })
    if (answer.success) return session
    session.close()
  }
  throw new KeyturnError('ADMIN_REJECTED', `asterisk-ari: AMI at ${settings.host}:${settings.port} refused the user "${settings.user}"`, {
    hint: 'Check "secret" of this user in manager.conf and the secret that "admin:" of the rotator names.',
  })
}

async function connect(settings: AmiSettings): Promise<AmiSession> {
  const { createConnection } = await import('node:net')
  settings.signal.throwIfAborted()
  const socket = createConnection({ host: settings.host, port: settings.port })
  let buffer = ''
  let actions = 0
  let wake: () => void = () => {}
  let broken: string | null = null
  const fail = (reason: string): void => {
    broken ??= reason
    socket.destroy()
    wake()
  }
  const stop = (): void => fail('stopped')
  const timer = setTimeout(() => fail(`no answer in ${settings.timeoutMs} ms`), settings.timeoutMs)
  settings.signal.addEventListener('abort', stop, { once: true })
  socket.setEncoding('utf8')
  socket.on('data', (text: string) => {
    buffer += text
    if (buffer.length > LONGEST_ANSWER) fail('an answer without end')
    wake()
  })
  socket.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? 'the connection broke'))
  socket.on('close', () => fail('the connection was closed'))

  const receive = async (id: string): Promise<AmiAnswer> => {
    for (;;) {
      for (let end = buffer.indexOf('\r\n\r\n'); end !== -1; end = buffer.indexOf('\r\n\r\n')) {
        const lines = buffer.slice(0, end).split('\r\n')
        buffer = buffer.slice(end + 4)
        if (lines.includes(`ActionID: ${id}`) && lines.some((line) => line.startsWith('Response:'))) return readAnswer(lines)
      }
      settings.signal.throwIfAborted()
      if (broken !== null) throw new KeyturnError('PROVIDER_UNAVAILABLE', `asterisk-ari: AMI at ${settings.host}:${settings.port}: ${broken}`)
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }

  return {
    act: async (fields) => {
      const id = `keyturn-${++actions}`
      const lines = Object.entries({ ...fields, ActionID: id }).map(([key, value]) => {
        if (/[\r\n\0]/.test(value)) throw new KeyturnError('VALUE_REFUSED', `asterisk-ari: a line break in "${key}" cannot be sent to AMI`)
        return `${key}: ${value}\r\n`
      })
      socket.write(`${lines.join('')}\r\n`)
      return receive(id)
    },
    close: () => {
      clearTimeout(timer)
      settings.signal.removeEventListener('abort', stop)
      socket.destroy()
    },
  }
}

function readAnswer(lines: readonly string[]): AmiAnswer {
  const value = (key: string): string => lines.find((line) => line.startsWith(`${key}: `))?.slice(key.length + 2) ?? ''
  return {
    success: value('Response') === 'Success' || value('Response') === 'Follows',
    message: value('Message'),
    output: lines.filter((line) => line.startsWith('Output: ')).map((line) => line.slice('Output: '.length)),
  }
}
