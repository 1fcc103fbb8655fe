import { isKeyturnError } from '../errors.ts'
import { secretsBehind } from '../outputs/entries.ts'
import type { ConsumerContext, Sight } from '../ports.ts'
import type { ConsumerSpec, Fingerprint, Output } from '../terms.ts'
import { compareOutput, consumerContext, hostState } from './deliver.ts'
import type { Engine } from './engine.ts'
import type { Trouble } from './examine.ts'
import { namingOf, writtenInto } from './held-version.ts'
import { consumerKey } from './host.ts'
import { differencesIn, sayIdle, sayOld, sayUnsure } from './live-words.ts'
import { secretStates } from './surroundings.ts'

/** A consumer that could be asked, and is not declared: a service that a compose file lets read an output. */
export interface Undeclared {
  readonly output: Output
  readonly spec: ConsumerSpec
  /** As people call it: `service worker`. */
  readonly who: string
  /** As it would stand below `consumers:` in the inventory. */
  readonly line: string
}

export interface Seen {
  readonly troubles: readonly Trouble[]
  /** Consumers that answered, by `consumerKey`: of those no record is needed. */
  readonly answered: ReadonlySet<string>
}

/** An answer takes a second or two; whoever hangs is not waited for longer. */
const LOOK_MS = 20_000
/** A program that a consumer runs is ended a little earlier, and said by its name. */
const PROGRAM_MS = 15_000
/** Each runs programs of its own. */
const AT_ONCE = 4

/**
 * Asks everything that runs on this host what it holds now, and compares it with the store: also where nothing was ever rotated. Nothing
 * is refreshed and nothing recorded. What cannot be asked is named with the reason.
 */
export async function lookLive(engine: Engine, undeclared: readonly Undeclared[]): Promise<Seen> {
  const questions: Question[] = engine
    .inventory()
    .outputs.filter(({ host }) => host === engine.host)
    .flatMap((output) => output.consumers.map((spec): Question => ({ output, spec, who: `consumer ${spec.key} (${output.file})`, line: null })))
  for (const one of undeclared) questions.push(one)
  const answers: Answer[] = []
  await Promise.all(
    Array.from({ length: AT_ONCE }, async (_, first) => {
      for (let at = first; at < questions.length; at += AT_ONCE) answers[at] = await ask(engine, questions[at] as Question)
    }),
  )
  engine.stopIfInterrupted?.()
  const troubles: Trouble[] = []
  for (const answer of answers) if (answer.kind === 'seen') troubles.push(...(await judge(engine, answer)))
  troubles.push(...notDeclared(answers), ...silent(answers))
  const answered = answers.flatMap(({ kind, question: { line, output, spec } }) =>
    kind === 'seen' && line === null ? [consumerKey(output.file, spec.key)] : [],
  )
  return { troubles, answered: new Set(answered) }
}

interface Question extends Omit<Undeclared, 'line'> {
  /** `null`: it is declared. */
  readonly line: string | null
}

type Answer = { readonly question: Question } & (
  | { readonly kind: 'seen'; readonly context: ConsumerContext<unknown>; readonly sights: readonly Sight[] }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly hint: string }
  | { readonly kind: 'mute' }
  | { readonly kind: 'unsupported' }
)

async function ask(engine: Engine, question: Question): Promise<Answer> {
  const { output, spec, who } = question
  if (!engine.consumers.has(spec.kind)) return { question, kind: 'unsupported' }
  const { signal } = engine.lease(engine.clock.now() + LOOK_MS)
  try {
    const { kind, context } = await consumerContext(engine, output, { ...spec, timeoutMs: Math.min(spec.timeoutMs, PROGRAM_MS) }, signal)
    if (!kind.proves(context.params)) return { question, kind: 'mute' }
    if (kind.look) return { question, kind: 'seen', context, sights: await kind.look(context) }
    const proof = await kind.prove?.(context)
    const mend = `refresh it; a rotation ${kind.describe(context.params)}`
    return { question, kind: 'seen', context, sights: [{ who, part: 'process', since: null, vars: proof?.vars ?? {}, mend }] }
  } catch (error) {
    if (isKeyturnError(error, 'INTERRUPTED')) throw error
    if (isKeyturnError(error, 'LEASE_LOST'))
      return { question, kind: 'failed', code: 'CONSUMER_FAILED', message: `no answer in ${LOOK_MS / 1000} s`, hint: 'see why it hangs' }
    if (isKeyturnError(error)) return { question, kind: 'failed', code: error.code, message: error.message, hint: error.hint }
    // One that fails in a way of its own must not hide the others.
    const what = error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.name) : typeof error
    return { question, kind: 'failed', code: 'INTERNAL', message: `failed unexpectedly (${what})`, hint: 'look at what it reads' }
  }
}

async function judge(engine: Engine, { question, context, sights }: Answer & { kind: 'seen' }): Promise<readonly Trouble[]> {
  const { output, line } = question
  const troubles: Trouble[] = []
  const standing = await differingIn(engine, output)
  for (const who of new Set(sights.map((one) => one.who))) {
    const parts = sights.filter((one) => one.who === who)
    const running = parts.filter(({ idle }) => idle === undefined)
    const differences = differencesIn(context, running.length > 0 ? running : parts, standing)
    const words = { parts, running, file: output.file, now: engine.clock.now() }
    if (differences.length > 0) {
      const naming = await namingFor(engine, output, context)
      const isBehind = differences.some(({ name }) => standing.has(name))
      troubles.push(running.length > 0 ? sayOld(words, differences, naming, isBehind) : sayIdle(words, differences, naming))
    } else if (running.length === 0 && line === null) troubles.push(sayIdle(words, [], null))
    if (line === null) troubles.push(...sayUnsure(words))
  }
  return troubles
}

async function namingFor(engine: Engine, output: Output, { fingerprints, vars }: ConsumerContext<unknown>) {
  const secrets = secretsBehind(output, engine.inventory().secrets)
  const behind = vars.map((name) => {
    const template = output.vars[name]
    const own = secrets.filter((s) => (template === undefined ? Object.hasOwn(s.env, name) : template.includes(`{${s.name}.`)))
    return [name, own] as const
  })
  return namingOf({
    behind: new Map(behind),
    states: await secretStates(engine),
    written: await writtenInto(engine, await hostState(engine), output.file),
    fingerprints,
    ends: ({ rotator }) => engine.rotators.get(rotator.kind)?.revoke !== undefined,
  })
}

/**
 * Which variables the file holds otherwise than the store: then a new container would not help, and who edited it may think that it did.
 * A file that cannot be read is a finding of its own.
 */
async function differingIn(engine: Engine, output: Output): Promise<ReadonlyMap<string, Fingerprint | null>> {
  const { differences } = await compareOutput(engine, output).catch((error: unknown) => {
    if (!isKeyturnError(error) || isKeyturnError(error, 'INTERRUPTED')) throw error
    return { differences: [] }
  })
  return new Map(differences.flatMap(({ name, kind, held, expected }) => (kind === 'same' || expected === null ? [] : [[name, held.value] as const])))
}

/** What takes a variable of an output, or was never started, and stands nowhere in the inventory: with the lines that declare it. */
function notDeclared(answers: readonly Answer[]): readonly Trouble[] {
  const found = new Map<Output, Question[]>()
  for (const answer of answers) {
    const { question } = answer
    if (question.line === null) continue
    if (isReader(answer)) found.set(question.output, [...(found.get(question.output) ?? []), question])
  }
  return [...found].map(([output, questions]) => ({
    severity: 'warning',
    code: 'UNDECLARED',
    message: `${questions.map(({ who }) => who).join(', ')} ${questions.length === 1 ? 'reads' : 'read'} ${output.file} without being declared as ${questions.length === 1 ? 'its consumer' : 'its consumers'}, so nothing proves what runs there before an old value is revoked`,
    hint: [`in secrets.yaml, below "file: ${output.file}":`, '    consumers:', ...questions.map(({ line }) => `      - ${line}`)].join('\n'),
  }))
}

/** The engine knows better than the compose file, where it can be asked. What nobody ever started by its profile reads nothing. */
function isReader(answer: Answer): boolean {
  if (answer.kind === 'failed') return !answer.message.includes('has no service')
  if (answer.kind !== 'seen') return true
  return answer.sights.some(({ idle, vars, unsure }) => unsure !== undefined || Object.keys(vars).length > 0 || idle === NEVER_STARTED)
}

/** As consumer `compose` says it of a service without a container, unless that has a profile. */
const NEVER_STARTED = 'never started'

/** What could not be asked, each reason once; and what can never be. */
function silent(answers: readonly Answer[]): readonly Trouble[] {
  const reasons = new Map<string, (Answer & { kind: 'failed' })[]>()
  const mute: Trouble[] = []
  for (const answer of answers) {
    if (answer.kind === 'failed' && (answer.question.line === null || isReader(answer)))
      reasons.set(answer.message, [...(reasons.get(answer.message) ?? []), answer])
    if (answer.kind === 'mute' && answer.question.spec.unproven === 'hold')
      mute.push({
        severity: 'note',
        code: 'UNPROVEN',
        message: `${answer.question.who} cannot show what it runs`,
        hint: 'give it a "prove", or say "unproven: grace"; until then old values are held for "secrets approve NAME"',
      })
  }
  const failed = [...reasons.values()].map((all): Trouble => {
    const [{ code, message, hint }] = all as [Answer & { kind: 'failed' }]
    return {
      severity: 'warning',
      code,
      message: `what runs cannot be seen of ${all.map(({ question: { who } }) => who).join(', ')}: ${message}`,
      hint: `${hint.replace(/\.$/, '')}; then: secrets doctor`,
    }
  })
  return [...failed, ...mute]
}
