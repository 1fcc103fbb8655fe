import {
  type ConsumerSpec,
  type Fingerprint,
  type HostState,
  type Inventory,
  type Millis,
  type Output,
  type Secret,
  type Token,
  UNTAKEN,
  type WriteRecord,
} from '../terms.ts'

/** What runs with which version: of the places that read a secret, how many proved to hold its current value. */
export interface Running {
  /** Consumers whose running process was seen to hold the current value. */
  readonly proven: number
  /** Consumers whose last proof showed another value than their file has. */
  readonly other: number
  /** Consumers that read it. */
  readonly total: number
  /** Outputs on disk that hold the current version, of all that should. */
  readonly written: number
  readonly files: number
}

/** A consumer that held another value of a variable than its file has, when it proved last. */
export interface Behind {
  readonly host: string
  readonly file: string
  readonly consumer: ConsumerSpec
  readonly variable: string
  /** `null`: it had none. */
  readonly held: Fingerprint | null
  readonly provedAt: Millis
}

/** What a file holds of one secret, and which of its consumers proved every variable of it. */
interface Held {
  /** Empty where its variables are of several versions, or one was edited by hand. */
  token: Token
  /**
   * By the consumer's place in the output, `1`, `0`, `x` for one that proved another value, or `-` for one that takes no variable of it: a
   * text, since most secrets of a file have the same.
   */
  proven: string
}

interface Place {
  readonly output: Output
  readonly templates: string
  /** By secret id; let go when it was asked for. */
  held: Map<string, Held>
}

export interface Deployment {
  /** Takes what is needed of a host's state, which need not be kept. */
  add(host: HostState): void
  /** Of a secret, where its last proofs showed another value. Asked once a secret. */
  behind(secret: Secret): readonly Behind[]
  /** `null`: no output holds this secret. Equal answers are one object. Asked once a secret: what was known of it is let go. */
  of(secret: Secret, current: Token | null): Running | null
}

/** Prepared once for all secrets, since a file may hold a hundred thousand variables. */
export function deployment(inventory: Inventory): Deployment {
  const places = inventory.outputs.map(
    (output): Place => ({
      output,
      templates: Object.values(output.vars).join(' '),
      held: new Map(),
    }),
  )
  // By name, since an estate may have a hundred outputs that hold a thousand secrets each.
  const everything = places.filter(({ output }) => output.only === null)
  const chosen = new Map<string, Place | Place[]>()
  for (const place of places) {
    for (const name of new Set(place.output.only)) {
      const before = chosen.get(name)
      if (Array.isArray(before)) before.push(place)
      else chosen.set(name, before ? [before, place] : place)
    }
  }
  const answers = new Map<string, Running>()
  // By secret id. Few, where all is well.
  const behind = new Map<string, Behind[]>()
  const tell = (secret: string, one: Behind): void => {
    behind.set(secret, [...(behind.get(secret) ?? []), one])
  }
  return {
    add: (host) => {
      for (const place of places) if (place.output.host === host.host) place.held = heldIn(place.output, host, tell)
    },
    behind: ({ id }) => {
      const found = behind.get(id)
      behind.delete(id)
      return found ?? NONE
    },
    of: (secret, current) => {
      let [proven, other, total, written, files] = [0, 0, 0, 0, 0]
      const some = chosen.get(secret.name)
      for (const place of some === undefined ? everything : [some, everything].flat()) {
        if (!reads(place, secret)) continue
        files += 1
        total += place.output.consumers.length
        const held = place.held.get(secret.id)
        place.held.delete(secret.id)
        for (const one of held?.proven ?? '') if (one === '-') total -= 1
        if (held === undefined || held.token === '' || held.token !== current) continue
        written += 1
        for (const one of held.proven) {
          if (one === '1') proven += 1
          if (one === 'x') other += 1
        }
      }
      if (files === 0) return null
      const key = `${proven} ${other} ${total} ${written} ${files}`
      const known = answers.get(key)
      if (known) return known
      const answer = { proven, other, total, written, files }
      answers.set(key, answer)
      return answer
    },
  }
}

/** A secret without a variable of its own may stand in a template. */
const reads = ({ templates }: Place, secret: Secret): boolean => {
  for (const _ in secret.env) return true
  return templates.includes(`{${secret.name}.`)
}

const NONE: readonly Behind[] = []

function heldIn(output: Output, host: HostState, tell: (secret: string, one: Behind) => void): Map<string, Held> {
  const held = new Map<string, Held>()
  const texts = new Map<string, string>()
  const share = (text: string): string => {
    const known = texts.get(text)
    if (known === undefined) texts.set(text, text)
    return known ?? text
  }
  const written: WriteRecord | undefined = host.outputs[output.file]
  const proofs = output.consumers.map(({ key }) => host.consumers[`${output.file} consumer ${key}`]?.proof ?? null)
  for (const name in written?.vars) {
    const variable = written.vars[name]
    for (const secret in variable?.from) {
      const token = variable.edited ? '' : (variable.from[secret] ?? '')
      const before = held.get(secret)
      let proven = ''
      for (const [i, proof] of proofs.entries()) {
        const proved = proof?.vars[name]
        proven += both(before?.proven[i] ?? '-', proved, variable.value)
        if (proof && proved !== undefined && proved !== UNTAKEN && proved !== variable.value && !variable.edited)
          tell(secret, { host: host.host, file: output.file, consumer: output.consumers[i] as ConsumerSpec, variable: name, held: proved, provedAt: proof.at })
      }
      proven = share(proven)
      if (before === undefined) {
        held.set(secret, { token, proven })
        continue
      }
      if (before.token !== token) before.token = ''
      before.proven = proven
    }
  }
  return held
}

/** What is known of one consumer after one more variable. */
function both(before: string, proved: string | null | undefined, wanted: string | null): string {
  if (proved === UNTAKEN) return before
  if (before === 'x' || (proved !== undefined && proved !== wanted)) return 'x'
  return before !== '0' && proved !== undefined ? '1' : '0'
}
