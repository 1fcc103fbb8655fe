import type { Sensitive } from '../sensitive.ts'

const MASK = '[sensitive]'

/**
 * The last lines of what a program said, fit for an error message: every value that it may hold is masked, also where it
 * stands quoted, percent-encoded or in base64, and control characters are dropped. Where one is broken into lines, nothing is
 * shown. At most `max` characters.
 */
export function scrubbedTail(said: string, values: Iterable<Sensitive<string>>, max = 500): string {
  const forms = [...values].flatMap((value) => formsOf(value.reveal()))
  let text = said
  // The longest first, so that no rest of it stays behind a shorter one.
  for (const form of [...new Set(forms)].sort((a, b) => b.length - a.length)) text = text.replaceAll(form, MASK)
  if (holdsBroken(text, forms)) return 'it is not shown, since it holds a value'
  // Control characters could rewrite what the terminal shows.
  const plain = text
    .replace(/\p{Cc}\[[0-9;?]*[A-Za-z]/gu, '')
    .replace(/(?![\n\t])\p{Cc}/gu, '')
    .trim()
  return plain.length <= max ? plain : `...${plain.slice(-max)}`
}

/** Shorter ones are found by chance where lines meet. */
const SHORTEST_BROKEN = 8

/** Whether a value stands there broken into lines, as `base64` and `openssl` do it. */
function holdsBroken(text: string, forms: readonly string[]): boolean {
  const joined = text.replace(/\s+/g, '')
  return forms.some((form) => form.length >= SHORTEST_BROKEN && joined.includes(form.replace(/\s+/g, '')))
}

function formsOf(value: string): readonly string[] {
  const wellFormed = value.toWellFormed()
  const lines = value.split(/\r?\n/).filter((line) => line.length >= 8)
  return [value, ...lines, JSON.stringify(value).slice(1, -1), encodeURIComponent(wellFormed), ...base64Forms(value)].filter((form) => form !== '')
}

// Without the ends, which depend on what stands before and behind the value.
function base64Forms(value: string): readonly string[] {
  const bytes = Buffer.from(value)
  if (bytes.length < 8) return [bytes.toString('base64'), bytes.toString('hex')]
  const inner = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .slice(Math.ceil((shift * 4) / 3), -4),
  )
  return [...inner, ...inner.map((form) => form.replaceAll('+', '-').replaceAll('/', '_')), bytes.toString('hex')]
}
