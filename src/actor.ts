import { hostname, userInfo } from 'node:os'
import type { Actor } from './terms.ts'

/** Who runs this, as whom, and on which machine. */

/** The user's id; 0 where the system has none. */
export const uid = (): number => process.getuid?.() ?? 0

/** `KEYTURN_HOST` where the machine's own name changes, as in containers. */
export const hostOf = (env: NodeJS.ProcessEnv): string => env.KEYTURN_HOST || hostname()

/** The user's own folder. */
export function homeOf(env: NodeJS.ProcessEnv): string {
  return env.HOME || userInfo().homedir
}

/** Who does it: the ledger writes it into every event. */
export function actorOf(env: NodeJS.ProcessEnv): Actor {
  const sudo = env.SUDO_USER
  const ci = env.GITHUB_ACTOR ?? env.GITLAB_USER_LOGIN ?? (env.CI ? 'ci' : undefined)
  return {
    uid: uid(),
    // Asked for when an event is written: what only reads need not wait for the machine's user database.
    get user() {
      return userName()
    },
    host: hostOf(env),
    ...(sudo && { sudo }),
    ...(ci && { ci }),
  }
}

/** A container's user id need not have a name. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return String(uid())
  }
}
