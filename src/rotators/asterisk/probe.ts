import { KeyturnError } from '../../errors.ts'
import type { Sensitive } from '../../sensitive.ts'
import { sendRequest } from '../http.ts'

/** Fresh logins at ARI, and what their answers mean. Measured on 16.28 and 22.10. */

/** Who asks, where, and until when. */
export interface Ari {
  readonly url: string
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly ca?: string
  readonly serverDate: (date: Date) => void
}

export type Verdict =
  | { readonly login: 'accepted' }
  /** The password was right, but an ACL keeps this machine out (from 20.19, 22.9, 23.3). */
  | { readonly login: 'restricted'; readonly why: string }
  | { readonly login: 'refused' }

export interface Credential {
  readonly user: string
  readonly password: Sensitive<string>
}

/**
 * One login. `refused` only for the 401 that ARI itself gives; everything that decides nothing is thrown:
 * PROVIDER_UNAVAILABLE (not running, booting, another server's answer), PROVIDER_CONFIG (ARI is off). May be repeated.
 */
export async function tryLogin(ari: Ari, credential: Credential): Promise<Verdict> {
  const answer = await sendRequest('asterisk-ari', { ...ari, method: 'GET', url: `${ari.url}/asterisk/info?only=status`, basic: credential })
  const body = answer.body.reveal()
  const message = typeof body === 'object' && body !== null && 'message' in body && typeof body.message === 'string' ? body.message : null
  if (answer.status === 200 && typeof body === 'object' && body !== null && 'status' in body) return { login: 'accepted' }
  if (answer.status === 401 && message === 'Authentication required') return { login: 'refused' }
  if (answer.status === 403 && message === 'Access denied by ACL') return { login: 'restricted', why: 'an ACL of the user keeps this machine out' }
  if (answer.status === 404 || answer.status === 500) throw ariOff(ari, answer.status)
  if (answer.status === 503) {
    throw new KeyturnError('PROVIDER_UNAVAILABLE', `asterisk-ari: Asterisk at ${ari.url} is still booting (503)`)
  }
  if (answer.status === 200) {
    throw new KeyturnError('PROVIDER_CONFIG', `asterisk-ari: ${ari.url} answers, but it is not ARI`, {
      hint: 'Set "url:" of the rotator, like http://127.0.0.1:8088/ari.',
    })
  }
  throw new KeyturnError('PROVIDER_UNAVAILABLE', `asterisk-ari: ${ari.url} answered ${answer.status}, which decides nothing`)
}

const ariOff = (ari: Ari, status: number): KeyturnError =>
  new KeyturnError('PROVIDER_CONFIG', `asterisk-ari: ARI is off at ${ari.url} (${status}); that is no verdict on any password`, {
    hint: 'See "asterisk -rx \'http show status\'" and "ari show status".',
    details: [
      'the url is not the one that http.conf gives (bindport, prefix)',
      'ari.conf has no [general], or "enabled = no" there',
      'ari.conf has an unknown option in [general] (releases from 20.15 and 22.5 switch ARI off then)',
      'res_ari.so or res_ari_asterisk.so is not loaded',
    ],
  })

/** How often to look again: the flip comes within the reload call, so a second look is needed only for queued reloads. */
const PAUSES_MS = [20, 50, 100, 200, 400, 800]

/**
 * Logs in until the answer is the one wanted, at most for some two seconds. Returns the last verdict; answers that decide nothing
 * are thrown after the last try.
 */
export async function awaitLogin(ari: Ari, credential: Credential, wanted: 'accepted' | 'refused'): Promise<Verdict> {
  for (const pause of [...PAUSES_MS, null]) {
    try {
      const verdict = await tryLogin(ari, credential)
      if (pause === null || isWanted(verdict, wanted)) return verdict
    } catch (error) {
      if (pause === null || !(error instanceof KeyturnError) || error.code !== 'PROVIDER_UNAVAILABLE') throw error
    }
    await new Promise((resolve) => setTimeout(resolve, pause ?? 0))
    ari.signal.throwIfAborted()
  }
  throw new KeyturnError('INTERNAL', 'asterisk-ari: no verdict')
}

export const isWanted = (verdict: Verdict, wanted: 'accepted' | 'refused'): boolean => (verdict.login === 'refused') === (wanted === 'refused')
