import { isPlaceholder, isShippedDefault } from '../../policy/placeholder.ts'
import type { Sensitive } from '../../sensitive.ts'
import { providerOf } from '../providers.ts'
import { judgeByName } from './name-rules.ts'
import { judgeByValue } from './value-rules.ts'
import { isPasswordHash, isUnset, referencesIn } from './values.ts'
import { wordsOf } from './words.ts'

/** One assignment of an env file, as the classifier sees it. */
export interface EnvVariable {
  readonly name: string
  /** As its reader sees it: without quotes, `$` references resolved. */
  readonly value: Sensitive<string>
  /** The same before references were resolved. */
  readonly written: Sensitive<string>
  /** 1 for the first line of the file. */
  readonly line: number
  /** Comment lines right before it and the one behind it, without `#`. */
  readonly comments: readonly string[]
  readonly quoting: 'none' | 'single' | 'double'
  /** There is no value, and the reader takes the comment behind the blank for one. */
  readonly swallowed: boolean
  /** A later line assigns the same name again, and readers take that one. */
  readonly duplicate: boolean
}

/**
 * secret     known to two sides only, to be replaced now and then
 * data-key   encrypts or hashes something that is kept: replacing it makes that unreadable
 * verifier   the hash of a password: it checks one and cannot log in
 * dsn        an address with a password inside
 * public-dsn an address whose key is made to be shown (Sentry)
 * identifier stands beside a secret, or is a public key
 * setting    everything else
 */
export type Kind = 'secret' | 'data-key' | 'verifier' | 'dsn' | 'public-dsn' | 'identifier' | 'setting'

/** What stands there now. Only a `given` value is imported. */
export type ValueState = 'given' | 'empty' | 'placeholder' | 'reference'

export interface Verdict {
  readonly kind: Kind
  /** 0 to 1. */
  readonly confidence: number
  /** For `init --explain`. Never holds the value. */
  readonly why: string
}

export interface Classified extends Verdict {
  readonly variable: EnvVariable
  readonly state: ValueState
  /** Names of variables that the value refers to. */
  readonly references: readonly string[]
}

/** What the rules look at. */
export interface Subject {
  readonly name: string
  readonly words: readonly string[]
  /** The value; empty where it is unset or only a reference. */
  readonly text: string
  readonly state: ValueState
  /** Comments around it, one text, lower case. */
  readonly said: string
  /** Whether the file assigns a variable of these words. */
  has(words: readonly string[]): boolean
}

/**
 * Tells secrets from settings, by general rules: what the value's own form says first, then the name's words, then the
 * comments. There is no list of variables that somebody met somewhere. A guess that cannot be sure says so in `confidence`.
 */
export function classify(variables: readonly EnvVariable[]): readonly Classified[] {
  const known = new Set(variables.map((variable) => wordsOf(variable.name).join('_')))
  const names = new Set(variables.map((variable) => variable.name))
  const judged = variables.map((variable) => {
    const value = variable.value.reveal()
    const written = variable.quoting === 'single' ? '' : variable.written.reveal()
    const references = referencesIn(written).filter((name) => names.has(name) || written.includes(`\${${name}`))
    const state = stateOf(variable.name, value, references)
    const subject: Subject = {
      name: variable.name,
      words: wordsOf(variable.name),
      // What a reference resolves to says nothing about this name; its own form does.
      // Nor does what a reader left of the hash of a password, whose dollars it took for references.
      text: state === 'empty' ? '' : bare(references.length > 0 || isPasswordHash(written) ? written : value),
      state,
      said: variable.comments.join('\n').toLowerCase(),
      has: (words) => known.has(words.join('_')),
    }
    const verdict = judgeByValue(subject) ?? judgeByName(subject)
    // A secret is never "false": there is none yet.
    const unset = verdict.kind === 'secret' && /^(false|null)$/i.test(value.trim())
    return { ...verdict, variable, state: unset ? 'empty' : state, references }
  })
  return judged.map((one) => asReferred(one, judged))
}

/** `VITE_PUSHER_APP_KEY=${PUSHER_APP_KEY}`: the same thing under another name. Only to what is shown: a secret's name stays one. */
function asReferred(one: Classified, all: readonly Classified[]): Classified {
  const [name, ...more] = one.references
  if (name === undefined || more.length > 0 || !/^\$(\{\w+\}|\w+)$/.test(one.variable.written.reveal())) return one
  const target = all.find((other) => other.variable.name === name)
  if (target?.kind !== 'identifier' || one.kind === 'identifier' || one.kind === 'setting') return one
  return { ...one, kind: 'identifier', confidence: target.confidence, why: `the same as ${name}: ${target.why}` }
}

/** Without a quote that lost its partner, which some readers keep: the form of what it stands beside is what counts. */
const bare = (text: string): string => text.replace(/^\s*["'`]+/, '').replace(/["'`][;,]?\s*$/, '')

/** `GEMINI_API_KEY=GEMINI_API_KEY`: nothing is said by it. One word may be somebody's poor password. */
const repeatsName = (name: string, value: string): boolean => wordsOf(name).length > 1 && value.trim() === name

/** A `$word` that names nothing of the file is taken for a part of a password, as most readers but Compose do. */
function stateOf(name: string, value: string, references: readonly string[]): ValueState {
  if (references.length > 0) return 'reference'
  if (isUnset(value)) return 'empty'
  if (repeatsName(name, value)) return 'placeholder'
  // A vendor gives nobody the key "changeme". A password of one's own is that, and lets everybody in.
  if (isShippedDefault(value)) return providerOf(name) === null && !wordsOf(name).includes('api') ? 'given' : 'placeholder'
  return isPlaceholder(value) ? 'placeholder' : 'given'
}
