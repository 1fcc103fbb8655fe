import { Sensitive } from '../../sensitive.ts'
import { type Classified, classify } from './classify.ts'

/** What a variable is that stands outside of an env file, such as in a compose file or a unit. */
export function judge(name: string, value: string): Classified {
  const box = new Sensitive(value)
  const [judged] = classify([{ name, value: box, written: box, line: 0, comments: [], quoting: 'none', swallowed: false, duplicate: false }])
  return judged as Classified
}

/** It must not be read by others: a secret, a key of data, an address with a password, the hash of one. */
export const isSecret = ({ kind }: Classified): boolean => kind === 'secret' || kind === 'data-key' || kind === 'dsn' || kind === 'verifier'
