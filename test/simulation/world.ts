import { KeyturnError } from '../../src/errors.ts'
import { fingerprinter } from '../../src/fingerprint.ts'
import { openSqliteLedger, type SqliteLedger } from '../../src/ledger/sqlite.ts'
import { recordFacts } from '../../src/policy/facts.ts'
import { judgeQuickly } from '../../src/policy/strength.ts'
import type { Appended, Fingerprinter, Ledger, Random } from '../../src/ports.ts'
import type { Engine } from '../../src/rotation/engine.ts'
import { fold } from '../../src/rotation/fold.ts'
import { Sensitive } from '../../src/sensitive.ts'
import type { Event, HostState, Inventory, Millis, Recorded, SecretState, StreamState } from '../../src/terms.ts'
import { hostStream, secretStream } from '../../src/terms.ts'
import { emptyStorage, type Hook, type MemoryStorage, memoryStore } from '../support/memory-store.ts'
import { seededRandom } from '../support/random.ts'
import type { Account } from './account.ts'
import { type Disk, disk } from './files.ts'
import { mintingAccount, mintingRotator } from './minting.ts'
import { type Running, runningConsumer } from './running.ts'
import { inventoryOf, type Scenario } from './scenario.ts'
import { type Process, type Scheduler, scheduler } from './scheduler.ts'
import { singleAccount, singleRotator } from './single.ts'
import { turnsAccount, turnsRotator } from './turns.ts'

/** A credential that stopped working, and who held it then. */
export interface Death {
  readonly account: string
  readonly value: string
  readonly holders: readonly { readonly running: Running; readonly since: Running['since'] }[]
}

/** The claim of the last `prove` that was recorded, else of the last `refresh`. */
export interface Asked {
  readonly step: 'prove' | 'refresh'
  readonly pos: number
  readonly at: Millis
}

/** Everything that outlives a process: clock, ledger, store, providers, files, and the programs that use the secrets. */
export interface World {
  readonly scenario: Scenario
  inventory: Inventory
  now: Millis
  readonly random: Random
  readonly ledger: SqliteLedger
  readonly storage: MemoryStorage
  readonly accounts: ReadonlyMap<string, Account>
  readonly disk: Disk
  readonly runnings: Map<string, Running>
  readonly schedule: Scheduler
  readonly fingerprints: Fingerprinter
  /** When each consumer was last asked with success, by host and what the claim was on; from the events, not from their fold. */
  readonly asked: Map<string, Asked>
  /** Not yet judged. */
  readonly deaths: Death[]
  /** What must never be. A run is good when this is empty at its end. */
  readonly bad: string[]
  /** Every point passed, newest last: the schedule to print when a run is bad. */
  readonly trace: string[]
  /** Whether looking at the ledger is a point too, at which others may go first. */
  fine: boolean
  /** Whether other processes of a host can tell that one has ended. */
  knowsDead: boolean
  /** Moves the clock, also backwards; leases that are over abort. */
  moveTo(now: Millis): void
  /** The engine as one process has it: every touch of the world passes through the hook. */
  engine(process: Process, hook: Hook): Engine
  state(secret: string): SecretState | null
  host(host: string): HostState | null
  /** Place of the last event. */
  pos(): number
  /** Both coordinates of this moment. */
  moment(): { readonly at: Millis; readonly pos: number }
}

/** A Monday morning. */
const BEGIN: Millis = Date.UTC(2026, 0, 5, 9)

export async function makeWorld(scenario: Scenario, seed: number | string = 0): Promise<World> {
  const random = seededRandom(`world ${seed}`)
  const fingerprints = fingerprinter('sim', new Sensitive(new Uint8Array(32).fill(7)))
  const leases = new Set<{ readonly until: Millis; readonly controller: AbortController }>()
  const files = disk()
  const accounts = accountsOf(scenario)
  const states = new Map<string, StreamState>()
  const claims = new Map<string, Recorded>()
  let lastPos = 0

  const ledger = await openSqliteLedger({
    ...{ file: ':memory:', fold, tool: '0.0.0-simulated', inventoryId: 'kt_simulated' },
    clock: { now: () => world.now },
    actor: { uid: 0, user: 'simulated', host: 'simulated' },
    inventoryHash: () => world.inventory.hash,
  })
  const runnings = new Map<string, Running>()
  for (const { host, file, consumers } of scenario.outputs) {
    for (const { name } of consumers) runnings.set(name, { name, host, target: `/${host}/${file}`, env: {}, since: { at: BEGIN, pos: 0 }, onCopy: false })
  }

  const world: World = {
    ...{ scenario, random, ledger, accounts, runnings, fingerprints, disk: files, storage: emptyStorage() },
    ...{ inventory: inventoryOf(scenario), now: BEGIN, fine: false, knowsDead: false, asked: new Map(), deaths: [], bad: [], trace: [] },
    schedule: scheduler({
      onCrash: (process) => files.release(process),
      onStep: (process, point) => {
        if (!point.startsWith('ledger.')) world.trace.push(`${process.name} ${point}`)
      },
    }),
    moveTo(now) {
      if (now !== world.now) world.trace.push(`clock ${now > world.now ? '+' : ''}${(now - world.now) / 1_000}s`)
      world.now = now
      for (const lease of leases) {
        if (lease.until > now) continue
        leases.delete(lease)
        lease.controller.abort(new KeyturnError('LEASE_LOST', 'the step took longer than its lease'))
      }
    },
    engine: (process, hook) => {
      const account = (name: string): Account => accounts.get(name) as Account
      const clock = { now: () => world.now }
      const verbs = { hook, now: clock.now, account }
      const store = memoryStore({ storage: world.storage, clock, fingerprints, hook })
      const rotators = [mintingRotator(verbs), singleRotator(verbs), turnsRotator(verbs)]
      const consumer = runningConsumer({ hook, disk: files, now: world.moment, find: (name) => runnings.get(name) as Running })
      return {
        ...{ clock, random, worker: process.name, host: process.host, inventory: () => world.inventory },
        ledger: watched(ledger, states, {
          hook,
          look: async (point) => {
            if (world.fine) await hook(point)
          },
          seen: (recorded) => {
            const { pos, event, stream, seq } = recorded
            lastPos = Math.max(lastPos, pos)
            noteAsked(world.asked, claims, recorded)
            if (event.type === 'saw' && event.facts.kind === 'unhealthy' && ![...runnings.values()].some(fellIll))
              world.bad.push(`${stream}: goes back though nobody fell ill`)
            world.trace.push(`${process.name} records ${stream.slice(stream.indexOf('/') + 1)} ${seq}: ${told(event)}`)
          },
        }),
        store: async () => store,
        rotators: new Map(rotators.map((rotator) => [rotator.name, rotator])) as unknown as Engine['rotators'],
        consumers: new Map([[consumer.kind, consumer]]) as unknown as Engine['consumers'],
        files: files.forProcess(process, hook),
        fingerprints: async () => fingerprints,
        facts: (fields, env, by) => recordFacts(fields, { env, fingerprints: by, judge: judgeQuickly }),
        gone: (worker) => world.knowsDead && world.schedule.processes.some(({ name, status }) => name === worker && status === 'crashed'),
        lease(until) {
          const controller = new AbortController()
          if (until > world.now) leases.add({ until, controller })
          else controller.abort(new KeyturnError('LEASE_LOST', 'the step took longer than its lease'))
          return { until, signal: controller.signal }
        },
        async pause(until) {
          await hook('pause')
          if (until > world.now) world.moveTo(until)
        },
      }
    },
    state(secret) {
      const state = states.get(secretStream(world.inventory.id, secret))
      return state?.kind === 'secret' ? state : null
    },
    host(host) {
      const state = states.get(hostStream(world.inventory.id, host))
      return state?.kind === 'host' ? state : null
    },
    pos: () => lastPos,
    moment: () => ({ at: world.now, pos: lastPos }),
  }
  for (const account of accounts.values()) {
    account.onDeath = (value) => {
      const holders = [...runnings.values()].filter(({ env }) => Object.values(env).includes(value)).map((running) => ({ running, since: running.since }))
      world.deaths.push({ account: account.name, value, holders })
    }
  }
  return world
}

function accountsOf(scenario: Scenario): ReadonlyMap<string, Account> {
  const accounts = new Map<string, Account>()
  for (const { id, kind, admin } of scenario.secrets) {
    // The plans name admins before those who need them.
    const by = admin === undefined ? undefined : accounts.get(admin)
    const options = by ? { admin: by } : {}
    accounts.set(id, { minting: mintingAccount, single: singleAccount, turns: turnsAccount }[kind](id, options))
  }
  return accounts
}

function noteAsked(asked: Map<string, Asked>, claims: Map<string, Recorded>, recorded: Recorded): void {
  const { stream, seq, event } = recorded
  if (event.type === 'claimed') claims.set(stream, recorded)
  const claim = claims.get(stream)
  if (event.type !== 'did' || claim?.seq !== event.claim || claim.event.type !== 'claimed' || seq <= claim.seq) return
  const { step } = event.result
  const key = `${stream} ${claim.event.on}`
  if (step === 'prove' || (step === 'refresh' && asked.get(key)?.step !== 'prove')) asked.set(key, { step, pos: claim.pos, at: claim.at })
}

/** Healthy once, and then not, time and again. */
const fellIll = ({ said }: Running): boolean => said !== undefined && said.healthy > 0 && said.unhealthy > 2

/** An event in a few words, for the schedule of a bad run. */
function told(event: Event): string {
  switch (event.type) {
    case 'claimed':
      return `claimed ${event.step} on ${event.on}`
    case 'did':
      return `did ${event.result.step} (claim ${event.claim})${'vars' in event.result ? ` ${JSON.stringify(event.result.vars)}` : ''}`
    case 'failed':
      return `failed (claim ${event.claim}) ${event.code}: ${event.message}${event.retryAt === null ? ', for good' : ''}`
    case 'decided':
      return `decided ${event.what}`
    case 'saw':
      return `saw ${event.facts.kind}`
    case 'opened':
      return 'opened'
  }
}

interface Watch {
  readonly hook: Hook
  /** For points that change nothing. */
  readonly look: Hook
  seen(recorded: Recorded): void
}

/** The one ledger, as a process sees it: killed before or after each append. States are kept parsed, since everybody asks for them all the time. */
function watched(ledger: Ledger, states: Map<string, StreamState>, { hook, look, seen }: Watch): Ledger {
  const seenBy: Ledger = {
    ...ledger,
    async appendAll(appends) {
      const done: Appended[] = []
      for (const { stream, seq, event, policy } of appends) done.push(await seenBy.append(stream, seq, event, { policy }))
      return done
    },
    async append(stream, seq, event, context) {
      await hook(`ledger.append ${event.type}${event.type === 'claimed' ? ` ${event.step}` : ''}:before`)
      const appended = await ledger.append(stream, seq, event, context)
      states.set(stream, JSON.parse(JSON.stringify(appended.state)) as StreamState)
      seen(appended.recorded)
      await hook(`ledger.append ${event.type}:after`)
      return appended
    },
    async state(stream) {
      await look('ledger.state:before')
      return states.get(stream) ?? null
    },
    async *states() {
      await look('ledger.states:before')
      yield* [...states.values()]
    },
  }
  return seenBy
}
