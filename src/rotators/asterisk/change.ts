import { KeyturnError } from '../../errors.ts'
import { type Conf, readConf } from './conf.ts'
import { applyEdits, checkEdits, type Edit } from './edit.ts'
import { readConfFile, replaceConfFile, touchConfFile } from './file.ts'
import { withFileLock } from './lock.ts'
import { type Ari, awaitLogin, type Credential, isWanted, type Verdict } from './probe.ts'
import { prepareReload, type Reloader, type ReloadWay } from './reload.ts'
import { checkGeneral, suspects } from './users.ts'

/** One change to `ari.conf` from reading to proof. */

export interface Host {
  /** The `ari.conf`, absolute, and its folder as Asterisk sees it. */
  readonly config: string
  readonly etc: string
  /** Options in `[general]` that this Asterisk knows beyond those known here. */
  readonly options: readonly string[]
  readonly ari: Ari
  readonly way: ReloadWay
}

export interface Proof {
  readonly credential: Credential
  readonly wanted: 'accepted' | 'refused'
}

export interface Change {
  readonly user: string
  /** The password the user has afterwards; `null`: none, it rests. */
  readonly password: string | null
  /** The edits to the file just read; none when it holds what it should. */
  edit(conf: Conf): readonly Edit[]
  /** Who may be accepted while the file is as it was read: for a reload over ARI. */
  logins(conf: Conf): readonly Credential[]
  /** What has to be true afterwards. */
  proofs(conf: Conf): readonly Proof[]
}

/** How often the file may be found changed by another writer between reading and writing. */
const MOST_TRIES = 5

/** Reads the file as Asterisk would and refuses what would do harm at a reload. PROVIDER_CONFIG, FILE_UNREADABLE. */
export async function readHost(host: Host): Promise<Conf> {
  const conf = await readConf(host.config, host.etc, readConfFile)
  checkGeneral(conf, host.config, host.options)
  return conf
}

/**
 * Changes the file, reloads, and proves by fresh logins. If Asterisk did not take it, the time of the file is moved and it is
 * reloaded once more; if it still did not, the old content is put back and `unproven` makes the error.
 *
 * Returns how many event websockets are open, where that can be known. May be repeated: a file that holds what it should is
 * not written again, but loaded and proved again, since a former run may have ended between write and reload.
 */
export async function makeChange(host: Host, change: Change, unproven: (failure: Failure) => KeyturnError): Promise<number | null> {
  return withFileLock(host.config, host.ari.signal, async () => {
    for (let tries = 1; ; tries++) {
      const conf = await readHost(host)
      const texts = applyEdits(change.edit(conf))
      if (texts.size > 0) await checkEdits(conf, texts, change.user, change.password, host.etc)
      const reloader = await prepareReload(host.way, host.ari, change.logins(conf))
      const written = await writeAll(host, texts)
      if (written !== 'moved') return loadAndProve(host, change.proofs(conf), reloader, written, unproven)
      if (tries === MOST_TRIES) throw new KeyturnError('OUTPUT_LOCKED', `${host.config}: another program changes it all the time; nothing was written`)
    }
  })
}

interface Written {
  readonly file: string
  readonly before: string
  readonly after: string
}

/** `moved`: somebody else wrote in between; what was written of ours before was put back. */
async function writeAll(host: Host, texts: ReturnType<typeof applyEdits>): Promise<readonly Written[] | 'moved'> {
  const written: Written[] = []
  for (const [file, after] of texts) {
    const one = { file: file.path, before: file.text, after }
    if (!(await replaceConfFile(one.file, one.before, one.after, host.ari.signal))) {
      await putBack(host, written)
      return 'moved'
    }
    written.push(one)
  }
  return written
}

export interface Failure {
  /** What Asterisk said of the reload. */
  readonly said: string
  readonly verdicts: readonly { readonly proof: Proof; readonly verdict: Verdict }[]
  /** Places in the file that may be the cause. */
  readonly suspects: readonly string[]
}

async function loadAndProve(
  host: Host,
  proofs: readonly Proof[],
  reloader: Reloader,
  written: readonly Written[],
  unproven: (failure: Failure) => KeyturnError,
): Promise<number | null> {
  let failure: Failure
  try {
    const first = await reloader.reload()
    if (passed(await proveAll(host, proofs))) return await countSockets(reloader)
    for (const file of written.length > 0 ? written.map((one) => one.file) : [host.config]) {
      host.ari.signal.throwIfAborted()
      await touchConfFile(file)
    }
    const said = await reloader.reload()
    const verdicts = await proveAll(host, proofs)
    if (passed(verdicts)) return await countSockets(reloader)
    failure = { said: said || first, verdicts, suspects: suspects(await readHost(host)) }
  } catch (error) {
    // What is certain not to work is not left in the file, where the next reload by anybody would bring it to life.
    if (error instanceof KeyturnError && !error.retryable) await undo(host, reloader, written)
    throw error
  }
  await undo(host, reloader, written)
  throw unproven(failure)
}

async function proveAll(host: Host, proofs: readonly Proof[]): Promise<Failure['verdicts']> {
  const verdicts: { proof: Proof; verdict: Verdict }[] = []
  for (const proof of proofs) verdicts.push({ proof, verdict: await awaitLogin(host.ari, proof.credential, proof.wanted) })
  return verdicts
}

const passed = (verdicts: Failure['verdicts']): boolean => verdicts.every(({ proof, verdict }) => isWanted(verdict, proof.wanted))

async function undo(host: Host, reloader: Reloader, written: readonly Written[]): Promise<void> {
  if (written.length === 0) return
  await putBack(host, written)
  await reloader.reload().catch(() => {})
}

/** In the reverse order; a file that somebody changed since stays as it is. */
async function putBack(host: Host, written: readonly Written[]): Promise<void> {
  for (const { file, before, after } of written.toReversed()) await replaceConfFile(file, after, before, host.ari.signal)
}

async function countSockets(reloader: Reloader): Promise<number | null> {
  return reloader.sockets().catch(() => null)
}
