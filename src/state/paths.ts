import { readFileSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { KeyturnError } from '../errors.ts'

/** Who the files belong to. */
export interface Owner {
  readonly uid: number
  readonly gid: number
}

/** Where everything of one inventory lies on this machine. Nothing here exists before somebody makes it. */
export interface StatePaths {
  /** The state folder: ledger, store and locks. */
  readonly state: string
  readonly ledger: string
  readonly store: string
  /** Lock files of outputs: one folder for all inventories of a user, which may write the same file. With an override the inventory's own. */
  readonly locks: string
  /** What may be deleted at any time. */
  readonly cache: string
  /** Folder of the keys; never the state folder, so that a copy of the one does not open the other. */
  readonly config: string
  readonly identityFile: string
  readonly signingKeyFile: string
  /** Under sudo the caller: what is made must belong to them. `null`: whoever runs this. */
  readonly owner: Owner | null
}

export interface StateQuestion {
  readonly inventoryId: string
  /** `state:` of the inventory, absolute or starting with `~/`; the folder of this inventory is made inside it. */
  readonly override: string | null
  readonly env: Readonly<Record<string, string | undefined>>
  readonly uid: number
  readonly home: string
  /** Text of /etc/passwd; read only under sudo. */
  readonly passwd?: string
}

/**
 * The folders of one inventory. `XDG_STATE_HOME`, `XDG_CONFIG_HOME` and `XDG_CACHE_HOME` win where they are absolute; else
 * root's own are /var/lib, /etc and /var/cache, and everybody else's are in their home. Under sudo the caller's home counts.
 * `KEYTURN_IDENTITY_FILE` names the identity file itself.
 *
 * @throws KeyturnError CONFIG_INVALID for an id or an override that is no safe folder; USAGE where sudo's caller has no home.
 */
export function statePaths(question: StateQuestion): StatePaths {
  const { inventoryId, override, env, uid } = question
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(inventoryId)) {
    throw new KeyturnError('CONFIG_INVALID', `id: ${JSON.stringify(inventoryId)} cannot name a folder`, { hint: 'Put back the id that "secrets init" wrote.' })
  }
  const owner = sudoCaller(env, uid)
  const home = owner ? homeOf(owner, question.passwd ?? readPasswd()) : question.home
  const system = uid === 0 && !owner
  const base = (variable: string, own: string, roots: string): string => {
    const given = env[variable]
    // The XDG specification has relative values ignored.
    if (given && isAbsolute(given)) return join(given, 'keyturn', inventoryId)
    return system ? join(roots, 'keyturn', inventoryId) : join(home, own, 'keyturn', inventoryId)
  }
  const state = override === null ? base('XDG_STATE_HOME', '.local/state', '/var/lib') : join(overrideFolder(override, home), inventoryId)
  const config = base('XDG_CONFIG_HOME', '.config', '/etc')
  return {
    state,
    ledger: join(state, 'ledger.db'),
    store: join(state, 'store'),
    // Beside the states, whose names never begin with a dot. By user: root may use the same folder.
    locks: override === null ? join(dirname(state), `.locks-${owner?.uid ?? uid}`) : join(state, 'locks'),
    cache: base('XDG_CACHE_HOME', '.cache', '/var/cache'),
    config,
    identityFile: env.KEYTURN_IDENTITY_FILE || join(config, 'identity.txt'),
    signingKeyFile: join(config, 'signing.pem'),
    owner,
  }
}

function overrideFolder(override: string, home: string): string {
  if (override === '~') return home
  if (override.startsWith('~/')) return join(home, override.slice(2))
  if (isAbsolute(override)) return override
  throw new KeyturnError('CONFIG_INVALID', `state: ${JSON.stringify(override)} is not an absolute folder`, {
    hint: 'Write it as /srv/keyturn or ~/keyturn-state: a relative one would move with the project.',
  })
}

/** Who called sudo, if that is how we became root. `sudo -u other` is not: then the files are that user's own. */
function sudoCaller(env: StateQuestion['env'], uid: number): Owner | null {
  if (uid !== 0 || !/^\d{1,10}$/.test(env.SUDO_UID ?? '')) return null
  const caller = Number(env.SUDO_UID)
  if (caller === 0) return null
  return { uid: caller, gid: /^\d{1,10}$/.test(env.SUDO_GID ?? '') ? Number(env.SUDO_GID) : caller }
}

function homeOf(owner: Owner, passwd: string): string {
  for (const line of passwd.split('\n')) {
    const fields = line.split(':')
    const home = fields[5]
    if (Number(fields[2]) === owner.uid && fields[2] !== '' && home && isAbsolute(home)) return home
  }
  throw new KeyturnError('USAGE', `sudo was called by user id ${owner.uid}, and /etc/passwd names no home folder for it`, {
    hint: 'Set XDG_STATE_HOME and XDG_CONFIG_HOME to the folders to use, or run without sudo.',
  })
}

function readPasswd(): string {
  try {
    return readFileSync('/etc/passwd', 'utf8')
  } catch {
    return ''
  }
}
