import { KeyturnError } from '../../errors.ts'
import type { Sensitive } from '../../sensitive.ts'
import { sendRequest } from '../http.ts'
import { type AmiSession, openAmi } from './ami.ts'
import { type Ari, type Credential, tryLogin } from './probe.ts'
import { type Cli, runCli } from './program.ts'

/** Telling Asterisk to read `ari.conf` again. What it answers is reported and never believed: only logins prove anything. */

export type ReloadWay =
  | { readonly by: 'cli'; readonly cli: Cli }
  | { readonly by: 'ami'; readonly host: string; readonly port: number; readonly user: string; readonly passwords: readonly Sensitive<string>[] }
  | { readonly by: 'ari' }

export interface Reloader {
  /** What Asterisk said. PROVIDER_CONFIG when it may not or cannot reload, PROVIDER_UNAVAILABLE when it did not answer. */
  reload(): Promise<string>
  /** How many event websockets are open; `null` where that cannot be known (releases before websocket sessions; ARI). */
  sockets(): Promise<number | null>
}

const MODULE = 'res_ari.so'
const RELOAD = `module reload ${MODULE}`
export const SESSIONS = 'ari show websocket sessions'

/** A reload that is under way already is waited for this often. */
const BUSY_TRIES = 20
const BUSY_PAUSE_MS = 250

/**
 * Makes sure that a reload will be possible, before anything is written. `logins`: for the way over ARI, whoever may be
 * accepted; at least one has to be. PROVIDER_CONFIG, PROVIDER_UNAVAILABLE or ADMIN_REJECTED otherwise.
 */
export async function prepareReload(way: ReloadWay, ari: Ari, logins: readonly Credential[]): Promise<Reloader> {
  if (way.by === 'cli') return prepareCli(way.cli)
  if (way.by === 'ami') return prepareAmi(way, ari)
  return prepareAri(ari, logins)
}

async function prepareCli(cli: Cli): Promise<Reloader> {
  const modules = await runCli(cli, `module show like ${MODULE}`)
  if (!modules.includes('Running')) throw notLoaded()
  return {
    reload: async () => {
      for (let tries = 1; ; tries++) {
        const said = (await runCli(cli, RELOAD)).trim().split('\n').at(-1) ?? ''
        if (/No such module|does not support reload/i.test(said)) throw notLoaded()
        if (!/already in progress/i.test(said) || tries === BUSY_TRIES) return quote(said)
        await pause(cli.signal)
      }
    },
    sockets: async () => countSessions((await runCli(cli, SESSIONS)).split('\n')),
  }
}

async function prepareAmi(way: Extract<ReloadWay, { by: 'ami' }>, ari: Ari): Promise<Reloader> {
  const inSession = async <T>(work: (session: AmiSession) => Promise<T>): Promise<T> => {
    const session = await openAmi({ ...way, timeoutMs: ari.timeoutMs, signal: ari.signal }, way.passwords)
    try {
      return await work(session)
    } finally {
      session.close()
    }
  }
  await inSession(async (session) => session.act({ Action: 'Ping' }))
  return {
    reload: async () => {
      for (let tries = 1; ; tries++) {
        ari.signal.throwIfAborted()
        const said = await inSession(async (session) => reloadByAmi(session, way.user))
        if (!/in progress/i.test(said) || tries === BUSY_TRIES) return quote(said)
        await pause(ari.signal)
      }
    },
    sockets: async () => {
      const answer = await inSession(async (session) => session.act({ Action: 'Command', Command: SESSIONS }))
      return answer.success ? countSessions(answer.output) : null
    },
  }
}

async function reloadByAmi(session: AmiSession, user: string): Promise<string> {
  // Two actions that need different rights; releases from 20.11, 21.6, 22.1 want the name of the file in the first.
  let answer = await session.act({ Action: 'ModuleLoad', Module: MODULE, LoadType: 'reload' })
  if (!answer.success && answer.message === 'Permission denied') answer = await session.act({ Action: 'Reload', Module: MODULE })
  if (answer.message === 'Permission denied') {
    throw new KeyturnError('PROVIDER_CONFIG', `asterisk-ari: the AMI user "${user}" may not reload a module`, {
      hint: 'Add "write = system" (or config) to this user in manager.conf and run "manager reload".',
    })
  }
  if (/No such module|Module not found|does not support reload/i.test(answer.message)) throw notLoaded()
  return answer.message
}

async function prepareAri(ari: Ari, logins: readonly Credential[]): Promise<Reloader> {
  let accepted = false
  for (const login of logins) accepted ||= (await tryLogin(ari, login)).login === 'accepted'
  if (!accepted) {
    throw new KeyturnError('PROVIDER_CONFIG', 'asterisk-ari: Asterisk accepts none of the passwords known here, so it cannot be told over ARI to reload', {
      hint: 'Set "reload: cli" or "reload: { ami: ... }" in the rotator, or reload by hand: asterisk -rx "module reload res_ari.so".',
    })
  }
  return {
    // The reload itself changes who is accepted, so each asks with whoever is by then.
    reload: async () => {
      for (const login of logins) {
        ari.signal.throwIfAborted()
        const answer = await sendRequest('asterisk-ari', { ...ari, method: 'PUT', url: `${ari.url}/asterisk/modules/${MODULE}`, basic: login })
        if (answer.status === 401) continue
        if (answer.status === 403) throw readOnly(login.user)
        if (answer.status === 404) throw notLoaded()
        if (answer.status === 503) throw new KeyturnError('PROVIDER_UNAVAILABLE', `asterisk-ari: Asterisk at ${ari.url} is still booting (503)`)
        return quote(answer.status === 204 ? 'reloaded' : answer.status === 202 ? 'queued' : `status ${answer.status}`)
      }
      throw new KeyturnError('PROVIDER_UNAVAILABLE', 'asterisk-ari: Asterisk accepted none of the passwords when it was to reload')
    },
    sockets: async () => null,
  }
}

/** PROVIDER_CONFIG: a user that may only read cannot tell ARI to reload. */
export const readOnly = (user: string): KeyturnError =>
  new KeyturnError('PROVIDER_CONFIG', `asterisk-ari: the user "${user}" is read-only, so it cannot tell Asterisk over ARI to reload (403)`, {
    hint: 'Set "reload: cli" or "reload: { ami: ... }" in the rotator, or name as "admin:" a secret with an ARI user that may write.',
  })

const notLoaded = (): KeyturnError =>
  new KeyturnError('PROVIDER_CONFIG', `asterisk-ari: the module ${MODULE} is not loaded in Asterisk`, {
    hint: `Load it: asterisk -rx "module load ${MODULE}".`,
  })

/** `null` where the command is unknown. */
export function countSessions(lines: readonly string[]): number | null {
  if (!lines.some((line) => line.includes('Connection ID'))) return null
  return lines.filter((line) => /^[0-9a-f-]{36}\s+inbound/.test(line)).length
}

const quote = (said: string): string =>
  said
    .replace(/[^\x20-\x7e]/g, ' ')
    .slice(0, 200)
    .trim()

async function pause(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, BUSY_PAUSE_MS))
  signal.throwIfAborted()
}
