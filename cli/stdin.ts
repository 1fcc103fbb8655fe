import { KeyturnError } from '../src/errors.ts'
import { Sensitive } from '../src/sensitive.ts'
import type { CommandContext } from './context.ts'

/** No secret is larger; a file given by mistake is. */
const LIMIT = 1024 * 1024

/**
 * The value that a person or a pipe gives: a hidden prompt on a terminal, else all of stdin without exactly one newline at its end.
 * VALUE_REFUSED for nothing, for what is no UTF-8 text, and for more than 1 MB.
 */
export async function takeValue(context: CommandContext, question: string): Promise<Sensitive<string>> {
  if (context.prompts.possible) return context.prompts.hidden(question, 'a pipe or --file')
  if (context.stdin.isTTY)
    throw new KeyturnError('NOT_A_TERMINAL', 'stdin is a terminal, but nothing can be asked on it', { hint: 'give the value through a pipe' })
  return readValue(context.stdin)
}

/** One value from a stream of bytes, by the same rules. */
export async function readValue(source: AsyncIterable<Uint8Array | string>, from = 'stdin'): Promise<Sensitive<string>> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of source) {
    const bytes = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk
    size += bytes.length
    if (size > LIMIT) throw new KeyturnError('VALUE_REFUSED', `${from}: more than 1 MB is no secret`, { hint: 'give the value alone' })
    chunks.push(bytes)
  }
  return decodeValue(Buffer.concat(chunks), from)
}

/** One value from bytes: UTF-8 text, of which exactly one newline at the end is cut off. */
export function decodeValue(bytes: Uint8Array, from: string): Sensitive<string> {
  let text: string
  try {
    // A byte order mark is part of the value: what is given is what is stored.
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new KeyturnError('VALUE_REFUSED', `${from}: this is no UTF-8 text`, { hint: 'encode binary values, for example with base64' })
  }
  if (text.includes('\0'))
    throw new KeyturnError('VALUE_REFUSED', `${from}: the value holds a NUL byte`, { hint: 'encode binary values, for example with base64' })
  const value = text.replace(/\r?\n$/, '')
  if (value === '') throw new KeyturnError('VALUE_REFUSED', `${from}: the value is empty`, { hint: 'nothing was changed' })
  return new Sensitive(value)
}
