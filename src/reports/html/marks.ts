import type { SecretStanding } from '../build.ts'

/** What each state looks like, besides its colour and its word: no two have the same outline, so that they can be told in grey. */
const OUTLINES: Readonly<Record<SecretStanding, string>> = {
  // A person: a diamond with a mark in it.
  attention: 'M7 0l7 7-7 7-7-7zM6.2 3.4v4.4h1.6V3.4zm0 5.4v1.6h1.6V8.8z',
  violation: 'M1 1h12v12H1zm3.2 2.1L3.1 4.2 5.9 7 3.1 9.8l1.1 1.1L7 8.1l2.8 2.8 1.1-1.1L8.1 7l2.8-2.8-1.1-1.1L7 5.9z',
  overdue: 'M7 .8L14 13H0z',
  due: 'M7 0a7 7 0 110 14A7 7 0 017 0zm0 1.8a5.2 5.2 0 100 10.4z',
  rotating: 'M7 0a7 7 0 110 14A7 7 0 017 0zm0 2.4a4.6 4.6 0 100 9.2 4.6 4.6 0 000-9.2z',
  ok: 'M5.2 12.4L.4 7.6l1.9-1.9 2.9 2.9 6.5-6.5 1.9 1.9z',
}

export interface Words {
  /** Over a section. */
  readonly title: string
  /** Below a figure, in lower case. */
  readonly short: string
  /** What the state means, in one sentence. */
  readonly means: string
}

export const WORDS: Readonly<Record<SecretStanding, Words>> = {
  attention: {
    title: 'Attention',
    short: 'attention',
    means: 'A rotation is open that somebody has to decide. Nothing more is done at the provider meanwhile.',
  },
  violation: { title: 'Violation', short: 'violation', means: 'The value itself must not stay: it is a published default, weak, too short or shared.' },
  overdue: { title: 'Overdue', short: 'overdue', means: 'Older than its limit, or of an age that nobody knows.' },
  due: { title: 'Due', short: 'due', means: 'To be replaced now, so that the old value is dead before the limit.' },
  rotating: { title: 'Rotating', short: 'rotating', means: 'A rotation is open and goes on by itself.' },
  ok: { title: 'In order', short: 'in order', means: 'Nothing has to be done: within the limit, exempt, without a value, or accepted until a day.' },
}

/** The drawings, once a page; they are used by {@link mark}. */
export const symbols = (): string =>
  `<svg width="0" height="0" aria-hidden="true" focusable="false"><defs>${Object.entries(OUTLINES)
    .map(([state, outline]) => `<symbol id="m-${state}" viewBox="0 0 14 14"><path fill-rule="evenodd" d="${outline}"/></symbol>`)
    .join(
      '',
    )}<pattern id="late" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="overdue" width="6" height="6" fill="currentColor" opacity=".28"/><rect class="overdue" width="3" height="6" fill="currentColor"/></pattern></defs></svg>\n`

/** Its word stands beside it, so that it says nothing to a screen reader. */
export const mark = (state: SecretStanding): string => `<svg class="mark ${state}" aria-hidden="true"><use href="#m-${state}"/></svg>`
