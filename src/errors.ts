/**
 * One class and one table. A code says whether trying again may help, which status the program ends with, and, for
 * `docs/errors.md` (generated from here), what causes it and what mends it.
 */

interface ErrorKind {
  /** The only input to back-off. Where it is true, nothing was decided: the same call may succeed later. */
  readonly retryable: boolean
  /** 1 failed, 2 usage or configuration, 3 findings, 4 some of several, 130 interrupted. */
  readonly exitCode: 1 | 2 | 3 | 4 | 130
  readonly cause: string
  readonly mend: string
}

const kind = (exitCode: ErrorKind['exitCode'], retryable: boolean, cause: string, mend: string): ErrorKind => ({ exitCode, retryable, cause, mend })

/** In alphabetical order. A code is for ever: scripts match on it. */
export const ERRORS = {
  ADMIN_IN_USE: kind(
    1,
    true,
    'A rotation is at work with this admin credential, so it is not ended now.',
    'Run the command again: a step takes minutes at most.',
  ),
  ADMIN_REJECTED: kind(
    1,
    true,
    'The provider refused the admin credential, not the one being rotated.',
    'Check the admin secret named in the message; the rotation goes on by itself when it works again.',
  ),
  ANSWER_STALE: kind(
    1,
    false,
    'Something was recorded between the question and the answer.',
    'Look again with "secrets status NAME" and repeat the command if it still fits.',
  ),
  BACKUP_INVALID: kind(1, false, 'The file is no Keyturn backup, or it is damaged or cut short.', 'Use another backup; nothing was changed.'),
  CLOCK_SUSPECT: kind(
    1,
    true,
    "The clock is behind the last recorded event, or minutes away from a server's. Nothing is opened or revoked on such a clock.",
    'Set the clock (for example by NTP). If the recorded time was the wrong one: "secrets approve NAME --reason ...".',
  ),
  COMMAND_FAILED: kind(
    1,
    true,
    'A command of yours (rotator or consumer) failed, timed out or answered something that is not in its contract.',
    'Run it by hand with the same input; docs/rotators/command.md has the contract.',
  ),
  CONFIG_EXISTS: kind(
    2,
    false,
    'There is a secrets.yaml already, and init never overwrites one.',
    'Use "secrets set NAME" to add a secret, or "secrets eject" first.',
  ),
  CONFIG_INVALID: kind(
    2,
    false,
    'secrets.yaml holds something that is not allowed; every problem is listed with its line.',
    'Correct the lines named; "secrets schema" prints what is allowed.',
  ),
  CONFIG_NOT_FOUND: kind(2, false, 'No secrets.yaml here or in a folder above.', 'Start with "secrets init .env", or name the file with --config.'),
  CONFIRMATION_FAILED: kind(1, false, 'What was typed to confirm does not match.', 'Run the command again; nothing was changed.'),
  CONSUMER_FAILED: kind(1, true, 'A consumer could not be refreshed.', 'See what it printed; nothing is revoked meanwhile.'),
  CONSUMER_MISSING: kind(
    1,
    true,
    'What a consumer needs is not on this machine, or may not be used: a program, the socket of an engine, a compose file, a service.',
    'Install, start or name it as the hint says; nothing is revoked meanwhile. It is tried again with every run.',
  ),
  CONSUMER_UNHEALTHY: kind(
    1,
    false,
    'A consumer that was healthy became unhealthy on the new value; the version before is in force again.',
    'See what the consumer says; then "secrets rotate NAME". Without a name it is not rotated again.',
  ),
  CREDENTIAL_REJECTED: kind(
    1,
    false,
    'The provider says that this credential is wrong.',
    'See the message for which one; "secrets status NAME" shows what happens next.',
  ),
  DISK_FULL: kind(1, true, 'No space was left while writing; the old file is untouched.', 'Free some space and run the command again.'),
  DRIFT: kind(
    3,
    false,
    'An output differs from the store: a value edited by hand, or a value not yet written.',
    'See the names listed; "secrets sync", "secrets sync --import NAME" or "secrets sync --discard NAME".',
  ),
  ENV_NOT_REPRESENTABLE: kind(
    1,
    false,
    'The value cannot be written so that the declared reader reads it back; nothing was changed.',
    'Use another dialect for this output, or a value of simpler characters.',
  ),
  ENV_UNREADABLE: kind(
    1,
    false,
    'The file is no env file that can be read without loss (binary, not UTF-8, a quote that is never closed, too large).',
    'Correct the line named in the message.',
  ),
  FILE_UNREADABLE: kind(1, false, 'A file could not be read.', 'Check that it exists and that this user may read it.'),
  FILE_UNWRITABLE: kind(
    1,
    true,
    'A file could not be written (permission, read-only folder); the old one is untouched.',
    'Check owner and mode of the file and its folder.',
  ),
  IDENTITY_MISSING: kind(
    1,
    false,
    'The key that opens the embedded store is not on this machine.',
    'Bring it back: "secrets identity add --recovery-key-file FILE", or set KEYTURN_IDENTITY_FILE.',
  ),
  IDENTITY_WRONG: kind(
    1,
    false,
    "The key on this machine opens none of the store's files.",
    'Use the key the store was made with: "secrets identity show" prints whose it is.',
  ),
  INTERNAL: kind(1, false, 'A fault in Keyturn itself.', 'Please report it with the command you ran; nothing was lost.'),
  INTERRUPTED: kind(130, true, 'Stopped by Ctrl-C or a signal.', 'Run the command again: it goes on where it was.'),
  INVENTORY_ID_MISMATCH: kind(2, false, 'This state belongs to another inventory.', 'Put back the id in secrets.yaml that "secrets init" wrote.'),
  KEY_UNCONFIRMED: kind(1, false, 'A credential could not be tied to a key at its provider.', 'Tell which one it is with "secrets adopt NAME".'),
  LEASE_LOST: kind(1, true, 'The step took longer than its lease; another process may have gone on.', 'Nothing: the next run goes on from what was recorded.'),
  LEDGER_BEHIND: kind(
    1,
    false,
    'The store or the provider knows of things that the ledger does not: it was lost or restored from an older copy.',
    'Run "secrets restore": it rebuilds the ledger from the store before anything is written at a provider.',
  ),
  LEDGER_BUSY: kind(1, true, 'Another process held the ledger for too long.', 'Run the command again.'),
  LEDGER_DAMAGED: kind(
    1,
    false,
    'The ledger file is damaged or its chain of hashes is broken.',
    'Keep the file, then "secrets restore" from a backup or from the store.',
  ),
  LEDGER_NEWER: kind(2, false, 'The ledger was written by a newer Keyturn.', 'Update this Keyturn.'),
  NAME_UNKNOWN: kind(2, false, 'No secret and no variable has this name.', '"secrets status" lists the names; "secrets set NAME" declares a new one.'),
  NEEDS_PERSON: kind(
    1,
    false,
    'Only a person can do this step (no admin key, or it happens on a web page).',
    'Do what the message says, then the command it names.',
  ),
  NETWORK_STATE: kind(
    2,
    false,
    'The state folder is on a network file system, where file locks cannot be trusted.',
    'Set "state:" in secrets.yaml to a folder on a local disk.',
  ),
  NODE_TOO_OLD: kind(2, false, 'This Node cannot run Keyturn.', 'Install Node 24.15 or later.'),
  NOTHING_OPEN: kind(2, false, 'There is nothing to approve, revoke or go back to.', '"secrets status NAME" shows the present state.'),
  NOT_A_TERMINAL: kind(2, false, 'A person has to answer, and there is no terminal.', 'Give the answer as the option named in the message.'),
  OLD_STILL_ACCEPTED: kind(1, true, 'The provider still accepts the old value.', 'See the message; the rotation tries again by itself.'),
  OLD_STILL_USED: kind(
    1,
    true,
    'The provider says that the old credential was used after everything declared proved to run on the new one.',
    'Find what uses it and declare it as a consumer; it is revoked once it was not used for a whole grace, at least five minutes. "secrets revoke NAME --previous" ends it now.',
  ),
  OUTPUT_CHANGED: kind(
    1,
    true,
    'Somebody wrote an output while new values were merged into it; it was left as they wrote it.',
    'Run the command again: it starts from what is there now.',
  ),
  OUTPUT_LOCKED: kind(1, true, 'Another process is writing the same output.', 'Run the command again.'),
  OUTPUT_TRACKED: kind(
    1,
    false,
    'git tracks the file, so a secret written to it would be committed.',
    'Run "git rm --cached FILE", add it to .gitignore, and run the command again.',
  ),
  PARTIAL: kind(4, false, 'Some of several rotations failed; each is listed.', 'Mend the ones listed and run the command again.'),
  PROVIDER_CONFIG: kind(
    1,
    false,
    "The provider's own configuration does not allow this (file malformed, module off, user missing).",
    'Correct what the message names at the provider.',
  ),
  PROVIDER_UNAVAILABLE: kind(
    1,
    true,
    'The provider did not answer, or answered with something that decides nothing (timeout, 5xx, booting).',
    'Nothing: it is tried again with back-off. Nothing was decided.',
  ),
  RESTORE_NEEDED: kind(
    1,
    false,
    'The state of this project is not on this machine.',
    '"secrets restore FILE" with a backup, or "secrets restore" where the store is reachable.',
  ),
  ROTATION_OPEN: kind(1, false, 'A rotation of this secret is open.', 'Let it end ("secrets status NAME"), or "secrets rollback NAME".'),
  STAGE_CONFLICT: kind(1, false, 'A version with this token is stored already, with other bytes.', 'Nothing is overwritten; please report it.'),
  STATE_INSECURE: kind(1, false, 'The identity or the store can be read by other users of this machine.', 'Run the chmod command that the message names.'),
  STATE_IN_PROJECT: kind(
    2,
    false,
    'The state folder lies inside the project, where "git clean -fdx" would take the secrets with it.',
    'Set "state:" in secrets.yaml to a folder outside the project, or to this one if you mean it.',
  ),
  STORE_BUSY: kind(1, true, 'Another process held the store for too long.', 'Run the command again.'),
  STORE_CHANGED: kind(
    1,
    true,
    'The current value in the store is not the one expected: somebody else changed it.',
    'Nothing: the found value is kept as a version and the step is tried again.',
  ),
  STORE_DAMAGED: kind(
    1,
    false,
    'A file of the embedded store is damaged, foreign or cut short; the others are unharmed.',
    'Restore the file named from a backup: "secrets restore FILE".',
  ),
  STORE_NEWER: kind(2, false, 'The embedded store was written by a newer Keyturn.', 'Update this Keyturn.'),
  STORE_UNAVAILABLE: kind(1, true, 'The store cannot be reached or refused the request.', 'Check address and permission named in the message.'),
  STREAM_MOVED: kind(1, true, 'Another process appended to the same stream first.', 'Nothing: the state is read again.'),
  UNSUPPORTED: kind(2, false, 'This is not available here.', 'See the message for what is.'),
  USAGE: kind(2, false, 'The command line is not one that this command takes.', 'See "secrets COMMAND --help".'),
  VALUE_MISSING: kind(1, false, 'The secret has no value in the store yet.', 'Give it one: "secrets set NAME".'),
  VALUE_REFUSED: kind(1, false, 'The value given is too weak, empty or cannot be what its name says.', 'Use another value, or --force if you must.'),
} as const satisfies Record<string, ErrorKind>

export type ErrorCode = keyof typeof ERRORS

/**
 * The one error that a user sees. `message` says what failed, on what, what was seen; `hint` is the next command,
 * permission or setting. Neither ever holds a secret value, a request, a response or a header.
 */
export class KeyturnError extends Error {
  readonly code: ErrorCode
  readonly hint: string
  readonly retryable: boolean
  readonly exitCode: number
  /** Set by the loop for an unconfirmed `set`: what a fresh login accepted. */
  readonly standing?: 'old' | 'new' | 'both' | 'neither'
  /** Before then (milliseconds since 1970) it is of no use to try again; absent: nobody knows. */
  readonly retryAt?: number
  /** Further lines, such as all problems of a file. */
  readonly details: readonly string[]

  constructor(
    code: ErrorCode,
    message: string,
    options: { hint?: string; details?: readonly string[]; standing?: 'old' | 'new' | 'both' | 'neither'; retryable?: boolean; retryAt?: number } = {},
  ) {
    super(message)
    this.name = 'KeyturnError'
    this.code = code
    this.hint = options.hint ?? ERRORS[code].mend
    this.retryable = options.retryable ?? ERRORS[code].retryable
    this.exitCode = ERRORS[code].exitCode
    this.details = options.details ?? []
    if (options.standing) this.standing = options.standing
    if (options.retryAt !== undefined) this.retryAt = options.retryAt
  }
}

export const isKeyturnError = (error: unknown, ...codes: ErrorCode[]): error is KeyturnError =>
  error instanceof KeyturnError && (codes.length === 0 || codes.includes(error.code))

/**
 * A file system error as ours: ENOSPC and EDQUOT become DISK_FULL, permission errors FILE_UNREADABLE or FILE_UNWRITABLE.
 * Anything that is ours already, or that is no file system error, comes back as it is.
 */
export function fromFileSystem(error: unknown, doing: 'read' | 'write', file: string): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code
  if (error instanceof KeyturnError || typeof code !== 'string' || !/^E[A-Z0-9]+$/.test(code)) return error
  if (code === 'ENOSPC' || code === 'EDQUOT') return new KeyturnError('DISK_FULL', `${file}: no space left on the disk (${code})`)
  return new KeyturnError(doing === 'read' ? 'FILE_UNREADABLE' : 'FILE_UNWRITABLE', `${file}: cannot ${doing} it (${code})`)
}
