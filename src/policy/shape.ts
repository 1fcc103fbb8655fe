import type { Provider } from '../inventory/providers.ts'

/** What keys of some vendors begin with and those of no other do. By provider, as `inventory/providers.ts` calls it. */
const MARKS: Readonly<Record<string, RegExp>> = {
  openai: /^sk-(proj|svcacct|admin)-/,
  anthropic: /^sk-ant-/,
  openrouter: /^sk-or-/,
  langfuse: /^sk-lf-/,
  cartesia: /^sk_car_/,
  groq: /^gsk_/,
  'google-ai': /^AIza/,
  'google-oauth': /^GOCSPX-/,
  huggingface: /^hf_/,
  sendgrid: /^SG\./,
  stripe: /^[sr]k_(live|test)_/,
  'stripe-webhook': /^whsec_/,
  github: /^(gh[pousr]_|github_pat_)/,
  tavily: /^tvly-/,
}

/** Shorter than any key: a bare mark says nothing. */
const SHORTEST = 16

/**
 * Why a value cannot be what its variable says; `null` where nothing speaks against it. Vendors change what their keys look like and document
 * little of it, so no more is said than that it does not look like one, or that it looks like another's.
 */
export function shapeOf(value: string, provider: Provider | null): string | null {
  if (provider === null) return null
  const other = value.length < SHORTEST ? undefined : Object.keys(MARKS).find((name) => MARKS[name]?.test(value))
  if (other !== undefined && familyOf(other) !== familyOf(provider.provider)) return `looks like a key of ${other}, not of ${provider.provider}`
  return provider.shape === undefined || provider.shape.test(value) ? null : `does not look like a key of ${provider.provider}`
}

/** Keys of one vendor: `stripe` and `stripe-webhook`. */
const familyOf = (provider: string): string => provider.split('-', 1)[0] ?? provider
