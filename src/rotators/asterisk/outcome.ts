import { KeyturnError } from '../../errors.ts'
import type { Ended } from '../../ports.ts'
import type { Failure, Host } from './change.ts'
import type { Section } from './conf.ts'
import { runCli } from './program.ts'
import { countSessions, SESSIONS } from './reload.ts'
import { place, RESTING_MARK } from './users.ts'

/** How a change ended, in words. */

/** The reload did not bring what was wanted, whatever Asterisk said of it. */
export function notTaken(user: string, config: string, failure: Failure): KeyturnError {
  const lines = failure.verdicts.map(
    ({ proof, verdict }) =>
      `user "${proof.credential.user}" with the ${proof.credential.user === user && proof.wanted === 'accepted' ? 'new' : 'present'} password: ${verdict.login}`,
  )
  const refused = failure.verdicts.some(({ proof, verdict }) => proof.wanted === 'accepted' && verdict.login === 'refused')
  const what = refused ? 'the new password is refused after the reload (401)' : 'the old password is still accepted after the reload'
  return new KeyturnError('PROVIDER_CONFIG', `asterisk-ari: user "${user}": ${what}, although Asterisk said "${failure.said}"; ${config} is as it was`, {
    hint: hintFor(failure),
    details: [...lines, ...failure.suspects],
  })
}

export function stillAccepted(user: string, config: string, failure: Failure): KeyturnError {
  const lost = failure.verdicts.find(({ proof, verdict }) => proof.wanted === 'accepted' && verdict.login === 'refused')
  const what =
    lost === undefined
      ? `the old password of user "${user}" is still accepted after the reload`
      : `after the reload the user "${lost.proof.credential.user}", who is in charge now, was refused, so "${user}" was not put to rest`
  return new KeyturnError('OLD_STILL_ACCEPTED', `asterisk-ari: ${what}; Asterisk said "${failure.said}"; ${config} is as it was`, {
    hint: hintFor(failure),
    details: failure.suspects,
  })
}

const hintFor = (failure: Failure): string =>
  failure.suspects.length > 0
    ? `Asterisk may have refused the file because of: ${failure.suspects.join('; ')}.`
    : 'Look for "Retaining existing configuration" in Asterisk\'s log, and see that "config:" is the file that this Asterisk reads.'

/** One user, and the file still has the password that was to end: somebody put it there again. */
export const inUse = (user: string, config: string): KeyturnError =>
  new KeyturnError('OLD_STILL_ACCEPTED', `asterisk-ari: ${config} still has the old password for user "${user}", and it is accepted`, {
    hint: 'Somebody put it there again. "secrets rotate NAME" sets a new one, which ends it.',
  })

/** The user whose turn it would be has a password that is not ours. */
export const taken = (user: string, section: Section): KeyturnError =>
  new KeyturnError(
    'NEEDS_PERSON',
    `asterisk-ari: ${place(section)}: it is the turn of user "${user}", who should rest, but has a password: somebody may be using it`,
    {
      hint: `If nobody does, put it to rest: write [${user}](!) and "${RESTING_MARK}" in place of its password, or delete the section. Then run "secrets rotate NAME".`,
    },
  )

/** What survives the end of a password. Asking is worth a process only where the command line is how Asterisk is reached anyway. */
export async function endNote(host: Host, sockets: number | null): Promise<Ended> {
  const open =
    sockets ??
    (host.way.by === 'cli'
      ? await runCli(host.way.cli, SESSIONS).then(
          (text) => countSessions(text.split('\n')),
          () => null,
        )
      : null)
  if (open === 0) return {}
  const which = open === null ? 'event websockets that were opened before' : `${open} event websocket${open === 1 ? ' is' : 's are'} open; those opened before`
  return { note: `${which} stay open until the application connects again` }
}
