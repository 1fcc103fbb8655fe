import { actorOf, homeOf, hostOf, uid } from './actor.ts'
import { VERSION } from './build.ts'
import { KeyturnError } from './errors.ts'
import { faultPoints } from './fault-points.ts'
import { type CacheDeps, cachedBytes, readCachedInventory, removeUnfinished, writeCachedInventory } from './inventory/cache.ts'
import { findInventoryFile } from './inventory/find.ts'
// At once: reading the ledger is what every command does, and the file itself loads nothing before it is opened.
import { openSqliteLedger, type SqliteLedger } from './ledger/sqlite.ts'
import { once } from './once.ts'
import type { FactOptions } from './policy/facts.ts'
import type { Judge } from './policy/strength.ts'
import type { Clock, Fingerprinter, Random, SecretStore } from './ports.ts'
import type { Engine } from './rotation/engine.ts'
import { fold } from './rotation/fold.ts'
import type { Sensitive } from './sensitive.ts'
import { beginning } from './state/beginning.ts'
import { checkStateFolder, makeStateFolder } from './state/folder.ts'
import { type StatePaths, statePaths } from './state/paths.ts'
import type { LocalStore } from './stores/local/store.ts'
import { type Actor, type Inventory, OWN_CREDENTIALS } from './terms.ts'
import { hasEnded, workerId } from './worker-id.ts'

/**
 * The composition root: the only place that sees adapters and engine together. Everything is opened when it is asked for, so
 * that `status` pays for the inventory's cache and the ledger alone.
 */
export interface App {
  readonly inventory: Inventory
  readonly paths: StatePaths
  readonly clock: Clock
  readonly random: Random
  readonly actor: Actor
  readonly env: Readonly<Record<string, string | undefined>>
  /** For reading: opens what is there. RESTORE_NEEDED when this machine has no state of the project. */
  ledger(): Promise<SqliteLedger>
  store(name?: string): Promise<SecretStore>
  localStore(): Promise<LocalStore>
  fingerprints(): Promise<Fingerprinter>
  /**
   * The engine over all of it; opens the ledger for writing. A ledger that is not there is made by `init` and where `makeLedger` says so
   * (`restore`); else RESTORE_NEEDED: a new one beside the store of an old one would begin a second history.
   */
  engine(options?: { readonly makeLedger?: boolean }): Promise<Engine>
  close(): Promise<void>
}

export interface OpenOptions {
  readonly config?: string | undefined
  readonly environment?: string | undefined
  readonly cwd: string
  /** Aborts when the user interrupts. */
  readonly signal?: AbortSignal
  /** Asks a person for the passphrase of a protected identity file. */
  readonly passphrase?: (file: string) => Promise<Sensitive<string>>
  /** How strength is judged; default: all that is known here. */
  readonly judge?: Judge
}

// Named here, not imported: only so is what hangs on it cut out of a release.
declare const KEYTURN_TEST_BUILD: boolean | undefined

/** A test build can be told that its clock goes wrong by some milliseconds. */
const systemClock: Clock =
  typeof KEYTURN_TEST_BUILD === 'boolean' && KEYTURN_TEST_BUILD
    ? { now: () => Date.now() + Number(process.env.KEYTURN_TEST_CLOCK_OFF ?? 0) }
    : { now: () => Date.now() }

const systemRandom: Random = {
  // From the global, so that nothing of node:crypto is loaded by a command that invents nothing.
  bytes: (n) => globalThis.crypto.getRandomValues(new Uint8Array(n)),
}

/** Opens the project of a folder. CONFIG_NOT_FOUND outside of one, CONFIG_INVALID with every problem of its file. */
export async function openApp(options: OpenOptions): Promise<App> {
  const env = process.env
  const file = findInventoryFile(options)
  return appOf(await readInventory(file, options, env), options, env, false)
}

/** What `init` works with: a project whose inventory is still a text in memory. */
export async function newApp(inventory: Inventory, options: OpenOptions): Promise<App> {
  return appOf(inventory, options, process.env, true)
}

/** The names that mean this machine and this user, for a project that does not exist yet. */
export const environment = (): {
  readonly host: string
  readonly clock: Clock
  readonly random: Random
  readonly actor: Actor
  readonly env: NodeJS.ProcessEnv
  /** Test builds only. */
  readonly fault?: (point: string) => void
} => ({
  host: hostOf(process.env),
  clock: systemClock,
  random: systemRandom,
  actor: actorOf(process.env),
  env: process.env,
  ...faults(process.env),
})

/** The state folders of an inventory that is not written yet. */
export const pathsOf = (inventoryId: string, override: string | null): StatePaths =>
  statePaths({ inventoryId, override, env: process.env, uid: uid(), home: homeOf(process.env) })

/** The kinds that this build has, as the inventory's loader checks them. */
export async function loadKinds() {
  const [{ ROTATORS }, { CONSUMERS }, { STORES }, { RULES }] = await Promise.all([
    import('./rotators/index.ts'),
    import('./consumers/index.ts'),
    import('./stores/index.ts'),
    import('./policy/rules.ts'),
  ])
  return { rotators: ROTATORS, consumers: CONSUMERS, stores: STORES, rules: Object.keys(RULES) }
}

/** Making, reading and checking the keys of the embedded store. */
export const loadKeyTools = () => import('./stores/identity.ts')

/** Reading the ledger as a whole: export, heads, verification. */
export async function loadLedgerTools() {
  const [{ exportEvents }, { headOf }, { verifyLedger }] = await Promise.all([
    import('./ledger/export.ts'),
    import('./ledger/head.ts'),
    import('./ledger/verify.ts'),
  ])
  return { exportEvents, headOf, verifyLedger }
}

/** The ledger of a backup, for writing, before it is put in place. Close it. */
export const openLedgerOf = (file: string, inventoryId: string, inventoryHash: string): Promise<SqliteLedger> =>
  openSqliteLedger({ file, fold, clock: systemClock, actor: actorOf(process.env), tool: VERSION, inventoryHash, inventoryId, create: false })

/** Encrypting a store anew with a key that this machine does not keep. */
export const loadAdmission = () => import('./stores/local/admit.ts')

/** Sealing and opening backups with such keys. */
export const loadSealer = () => import('./stores/local/sealer.ts')

/** The caches of all inventories: which one it is, is not known before it is read. */
const cacheFolder = (env: NodeJS.ProcessEnv): string => statePaths({ inventoryId: 'inventories', override: null, env, uid: uid(), home: homeOf(env) }).cache

/** How large the project was when it was last read, in bytes of its cache; 0 where nobody knows. Never throws. */
export function sizeOfProject(options: OpenOptions): number {
  try {
    return cachedBytes(cacheFolder(process.env), findInventoryFile(options), options.environment)
  } catch {
    return 0
  }
}

async function readInventory(file: string, options: OpenOptions, env: NodeJS.ProcessEnv): Promise<Inventory> {
  const host = hostOf(env)
  const cacheDir = cacheFolder(env)
  const deps: CacheDeps = { host, version: VERSION }
  const cached = readCachedInventory(cacheDir, file, options.environment, deps)
  if (cached) return cached
  const { loadInventory } = await import('./inventory/load.ts')
  const loaded = loadInventory({ config: file, environment: options.environment, cwd: options.cwd, kinds: await loadKinds(), host })
  writeCachedInventory(cacheDir, file, options.environment, deps, loaded, systemRandom)
  return loaded
}

/** `isNew`: a project that `init` is making. */
function appOf(inventory: Inventory, options: OpenOptions, env: NodeJS.ProcessEnv, isNew: boolean): App {
  const paths = statePaths({ inventoryId: inventory.id, override: inventory.state, env, uid: uid(), home: homeOf(env) })
  const host = hostOf(env)
  const actor = actorOf(env)
  const folder = { paths, project: inventory.dir, declared: inventory.state !== null }
  const interrupt = options.signal ?? null
  const opened: SqliteLedger[] = []

  const openLedger = async (readOnly: boolean, create: boolean): Promise<SqliteLedger> => {
    // Its folder is not made either, where there is nothing to open.
    if (create || (checkStateFolder(folder) && !readOnly)) makeStateFolder(folder)
    const ledger = await openSqliteLedger({
      file: paths.ledger,
      fold,
      clock: systemClock,
      actor,
      tool: VERSION,
      inventoryHash: inventory.hash,
      owner: paths.owner,
      inventoryId: inventory.id,
      readOnly,
      create,
      ...faults(env, 'ledger:'),
    }).catch(beginning(inventory))
    opened.push(ledger)
    return ledger
  }
  const ledger = once(() => openLedger(true, false))

  const localStore = once(async (): Promise<LocalStore> => {
    makeStateFolder(folder)
    const [{ openLocalStore }, { readIdentities }] = await Promise.all([import('./stores/local/store.ts'), import('./stores/identity.ts')])
    const { passphrase } = options
    return openLocalStore({
      dir: paths.store,
      inventoryId: inventory.id,
      identity: () => readIdentities({ file: paths.identityFile, owner: paths.owner, ...(passphrase && { passphrase }) }),
      recipients: inventory.recipients,
      fingerprints,
      clock: systemClock,
      random: systemRandom,
      owner: paths.owner,
      ...faults(env),
    })
  })
  const onServers = once(async () =>
    (await import('./stores/index.ts')).serverStores(inventory, { env, clock: systemClock, random: systemRandom, fingerprints }),
  )
  const store = async (name = 'main'): Promise<SecretStore> => {
    const ref = inventory.stores.find((one) => one.name === name)
    if (!ref && name !== 'main') throw new KeyturnError('UNSUPPORTED', `there is no store "${name}" in ${inventory.file}`)
    return !ref || ref.kind === 'local' ? localStore() : (await onServers())(ref)
  }
  const fingerprints = once(async (): Promise<Fingerprinter> => {
    const { loadFingerprints } = await import('./stores/fingerprint-key.ts')
    return loadFingerprints(await store(), inventory.id, systemRandom)
  })

  /** Asked for when the first value is judged. */
  const known = once(async (): Promise<Omit<FactOptions, 'env' | 'fingerprints'>> => {
    const [{ knownAround }, { readSamples }] = await Promise.all([import('./rotation/known.ts'), import('./inventory/import/samples.ts')])
    const around = await knownAround(inventory, host, async (file) => {
      const others: OpenOptions = { config: file, cwd: options.cwd }
      return appOf(await readInventory(file, others, env), others, env, false)
    })
    return { ...around, published: await readSamples(inventory.dir), ...(options.judge && { judge: options.judge }) }
  })

  const openEngine = async (makeLedger: boolean): Promise<Engine> => {
    removeUnfinished(cacheFolder(env), inventory.file, options.environment)
    const appending = await openLedger(false, makeLedger)
    const [{ outputs }, { recordFacts }, { isTracked }, { leaseUntil, pauseUntil }, kinds] = await Promise.all([
      import('./outputs/folders.ts'),
      import('./policy/facts.ts'),
      import('./outputs/tracked.ts'),
      import('./rotation/lease.ts'),
      loadKinds(),
    ])
    return {
      inventory: () => inventory,
      ledger: appending,
      store,
      rotators: kinds.rotators,
      consumers: kinds.consumers,
      files: outputs({
        lockDir: paths.locks,
        isTracked: (file) => isTracked(file, env.PATH),
        isMounted: async (file) => (await import('./outputs/mounted.ts')).mountedBy(file),
        random: systemRandom,
        owner: paths.owner,
        ...faults(env, 'output:'),
      }),
      fingerprints,
      facts: async (fields, vars, by) => recordFacts(fields, { ...(await known()), env: vars, fingerprints: by }),
      clock: systemClock,
      random: systemRandom,
      worker: workerId(host, process.pid),
      host,
      gone: (worker) => hasEnded(worker, host),
      lease: (until) => leaseUntil(systemClock, until, interrupt),
      programEnv: programEnv(env),
      consumerEnv: env,
      stopIfInterrupted: () => {
        if (interrupt?.aborted) throw new KeyturnError('INTERRUPTED', 'stopped between two steps; the next run goes on')
      },
      pause: (until) => pauseUntil(systemClock, until, interrupt),
      ...faults(env),
    }
  }
  const engines = { making: once(() => openEngine(true)), opening: once(() => openEngine(false)) }

  return {
    inventory,
    paths,
    clock: systemClock,
    random: systemRandom,
    actor,
    env,
    ledger,
    store,
    localStore,
    fingerprints,
    engine: ({ makeLedger = isNew } = {}) => (makeLedger ? engines.making() : engines.opening()),
    close: async () => {
      for (const one of opened) await one.close()
    },
  }
}

/** Nothing in a release. `prefix` says whose points they are. */
const faults = (env: NodeJS.ProcessEnv, prefix?: string) => typeof KEYTURN_TEST_BUILD === 'boolean' && KEYTURN_TEST_BUILD && { fault: faultPoints(env, prefix) }

/** What programs that we start inherit: never our own credentials. */
const programEnv = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && !OWN_CREDENTIALS.test(entry[0])))
