import { exportEvents } from '../../src/ledger/export.ts'
import { verifyLedger } from '../../src/ledger/verify.ts'
import { fold } from '../../src/rotation/fold.ts'
import { consumerKey } from '../../src/rotation/host.ts'
import type { Fields, Output, SecretState } from '../../src/terms.ts'
import { hostStream } from '../../src/terms.ts'
import { type Account, plain } from './account.ts'
import type { MintingAccount } from './minting.ts'
import { type Running, readEnv } from './running.ts'
import { fieldsOf, type SecretPlan, variablesOf } from './scenario.ts'
import type { Asked, Death, World } from './world.ts'

/** What readers of the store get for a secret now. */
const currentFields = (world: World, plan: SecretPlan): Fields | null => {
  const path = world.inventory.secrets.find(({ id }) => id === plan.id)?.path ?? ''
  const document = world.storage.documents.get(path)?.fields
  if (!document) return null
  return Object.fromEntries(fieldsOf(plan).map((name) => [name, document[name] ?? '']))
}

const accountOf = (world: World, plan: SecretPlan): Account => world.accounts.get(plan.id) as Account

/** Keys that somebody else made there. */
const planted = (account: Account): readonly string[] =>
  account.kind === 'minting' ? (account as MintingAccount).keys.filter(({ tag }) => tag?.startsWith('foreign')).map(({ value }) => value) : []

/** What lives there because of us. */
const own = (account: Account): readonly string[] => account.live().filter((value) => !planted(account).includes(value))

/** What must hold at every moment. */
export function inspect(world: World): void {
  for (const plan of world.scenario.secrets) {
    const account = accountOf(world, plan)
    if (own(account).length > account.limit) report(world, `${account.name}: ${own(account).length} are alive, ${account.limit} are allowed`)
    const current = currentFields(world, plan)
    if (account.kind !== 'single' && current && !account.accepts(plain(current))) report(world, `${account.name}: what readers get is refused`)
  }
}

/** Judges every credential that died since: did somebody use it who had been asked, or never was? */
export function judge(world: World): void {
  for (const death of world.deaths.splice(0)) {
    const plan = world.scenario.secrets.find(({ id }) => id === death.account)
    if (!plan || plan.kind === 'single') continue // without overlap the old one dies at once, as told
    const state = world.state(plan.id)
    for (const holder of death.holders) {
      const wrong = reasonWhyWrong(world, state, holder)
      if (wrong) report(world, `${death.account}: ended early, ${holder.running.name} runs on it: ${wrong}`)
    }
  }
}

function reasonWhyWrong(world: World, state: SecretState | null, { running, since }: Death['holders'][number]): string | null {
  const r = state?.rotation
  if (!r) return 'no rotation is open'
  if (r.vouched.length > 0 || r.compromised) return null
  const output = r.snapshot.gate.find(({ host, file }) => host === running.host && running.target === `/${host}/${file}`)
  const spec = output?.consumers.find(({ key }) => key === running.name) ?? declaredNow(world, running)
  if (!output || !spec) return null // never declared: nobody can know of it
  if (r.back) return 'it was made by a rotation that goes back'
  const asked = askedLast(world, running, output.file)
  if (!asked || since.pos < asked.pos) return 'it held it before it was last asked'
  // A person turned it round while the revoke was at work: it was allowed before, and cannot be called back.
  if (state.claim?.on === 'overtaken') return null
  if (r.graceUntil === null || (asked.step === 'prove' && asked.at < r.graceUntil)) return 'it was not asked again after the grace'
  return null // after the last proof nothing can help
}

const askedLast = (world: World, running: Running, file: string): Asked | undefined =>
  world.asked.get(`${hostStream(world.inventory.id, running.host)} ${consumerKey(file, running.name)}`)

const declaredNow = (world: World, running: Running): unknown =>
  world.inventory.outputs.find(({ host, target }) => host === running.host && target === running.target)?.consumers.find(({ key }) => key === running.name)

/** What must hold when everything has come to its end. */
export async function judgeEnd(world: World): Promise<void> {
  judge(world)
  inspect(world)
  for (const plan of world.scenario.secrets) judgeSecret(world, plan)
  for (const running of world.runnings.values()) judgeRunning(world, running)
  for (const output of world.inventory.outputs) judgeFile(world, output)
  for (const [path, foreign] of Object.entries(world.scenario.foreign ?? {})) {
    const document = world.storage.documents.get(path)?.fields ?? {}
    for (const [name, value] of Object.entries(foreign)) if (document[name] !== value) report(world, `${path}: the field ${name} of somebody else was changed`)
  }
  for await (const event of exportEvents(world.ledger)) {
    if (JSON.stringify(event).includes('canary-')) report(world, `a value is in the ledger: event ${event.pos}`)
  }
  const { problems } = await verifyLedger(world.ledger, fold)
  for (const { stream, seq, what } of problems) report(world, `ledger: ${stream} ${seq}: ${what}`)
}

function judgeSecret(world: World, plan: SecretPlan): void {
  const account = accountOf(world, plan)
  const state = world.state(plan.id)
  const current = currentFields(world, plan)
  if (state?.rotation)
    report(world, `${plan.id}: not settled, ${JSON.stringify({ failure: state.failure, done: state.rotation.done, back: state.rotation.back })}`)
  if (!current || !account.accepts(plain(current))) {
    report(world, `${plan.id}: the current value is refused`)
    return
  }
  const live = own(account)
  const inUse = Object.values(current)
  if (live.some((value) => !inUse.includes(value)))
    report(world, `${plan.id}: ${live.length} credentials are alive at the end, not only the current one: ${live.join(', ')}`)
  for (const value of planted(account)) if (!account.live().includes(value)) report(world, `${plan.id}: a key of somebody else was ended`)
  const version = world.storage.versions
    .get(world.inventory.secrets.find(({ id }) => id === plan.id)?.path ?? '')
    ?.find(({ token }) => token === state?.current?.token)
  if (version && JSON.stringify(version.fields.reveal()) !== JSON.stringify(current))
    report(world, `${plan.id}: the ledger and the store disagree about what is current`)
}

function judgeRunning(world: World, running: Running): void {
  const output = world.inventory.outputs.find(({ host, target }) => host === running.host && target === running.target)
  if (!output?.consumers.some(({ key }) => key === running.name)) return
  // Started on an old copy after it was last asked: nobody could see it.
  if (running.onCopy && running.since.pos >= (askedLast(world, running, output.file)?.pos ?? 0)) return
  for (const plan of world.scenario.secrets) {
    if (output.only && !output.only.includes(plan.id)) continue
    const current = currentFields(world, plan)
    for (const [name, field] of Object.entries(variablesOf(plan))) {
      if (running.env[name] !== current?.[field]) report(world, `${running.name}: holds another ${name} than the store at the end`)
    }
  }
}

function judgeFile(world: World, { host, target, only }: Output): void {
  const env = readEnv(world.disk.text(host, target) ?? '')
  for (const plan of world.scenario.secrets) {
    if (only && !only.includes(plan.id)) continue
    const current = currentFields(world, plan)
    for (const [name, field] of Object.entries(variablesOf(plan))) {
      if (env[name] !== current?.[field]) report(world, `${target} on ${host}: holds another ${name} than the store at the end`)
    }
  }
  if (env.REGION !== 'eu-1') report(world, `${target} on ${host}: a line of somebody else was lost`)
}

function report(world: World, what: string): void {
  if (!world.bad.includes(what)) world.bad.push(what)
}
