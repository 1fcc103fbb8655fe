import { readFileSync } from 'node:fs'
import { asteriskProgram } from '../test/servers/asterisk-program.ts'
import { startAsterisk } from '../test/servers/asterisk-server.ts'

export interface DemoAsterisk {
  /** Such as `http://127.0.0.1:40123/ari`. */
  readonly url: string
  /** The file that it reads. */
  readonly ariConf: string
  /** What runs its command line; the command follows. */
  readonly cliCommand: readonly string[]
  /** The status of a fresh login over ARI: 200, or 401. */
  login(user: string, password: string): Promise<number>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * A real Asterisk 22 on loopback, in a folder of its own, with a copy of the given `ari.conf`. It is fetched from Debian's packages the
 * first time (55 MB), and ends with `await using`.
 *
 * @throws Error saying why it cannot be had on this machine.
 */
export async function demoAsterisk(ariConf: string): Promise<DemoAsterisk> {
  const program = await asteriskProgram(22)
  if (typeof program === 'string') throw new Error(`no Asterisk 22 can be had on this machine: ${program}`)
  const server = await startAsterisk({ version: 22, ari: readFileSync(ariConf, 'utf8') })
  const { url, ariConf: file, login, stop } = server
  return { url, ariConf: file, cliCommand: [...server.cliCommand, '-rx'], login, [Symbol.asyncDispose]: stop }
}
