import { existsSync, readdirSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { filledOnce } from './cache.ts'
import { reasonAgainstDebian, unpackDebian } from './debian.ts'

/** Readers of env files from Debian's packages, unpacked into the cache; nothing is installed and nothing needs root. */

/** An old and a new release of the same readers: python-dotenv 0.21 and 1.2, ruby-dotenv 2.4 and 3.2, systemd 252 and 262. */
export type Suite = 'bookworm' | 'sid'

/** A program with the environment it needs. */
export interface Command {
  readonly program: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

export interface EnvReaders {
  /** Python with python-dotenv. */
  readonly python: Command
  /** Ruby with ruby-dotenv. */
  readonly ruby: Command
  /** The library that has systemd's own reader of `EnvironmentFile=`; the Python above can load it. */
  readonly systemd: string
}

const TRIPLET = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu'
const known = new Map<string, Promise<unknown>>()

/** The readers; or, as a text, why they cannot be had here. Fetched once a machine: some 40 s and 95 MB a release. */
export const envReaders = (suite: Suite): Promise<EnvReaders | string> =>
  once(`env-readers-${suite}`, async () => {
    const root = await unpacked(`env-readers-${suite}`, suite, ['python3-dotenv', 'ruby-dotenv', 'libsystemd-shared'])
    const library = path.join(root, 'usr/lib', TRIPLET, 'systemd')
    const folders = [`lib/${TRIPLET}`, `usr/lib/${TRIPLET}`].map((name) => path.join(root, name)).filter((name) => existsSync(name))
    const loader = folders
      .flatMap((folder) => readdirSync(folder).map((name) => path.join(folder, name)))
      .find((file) => /\/ld-linux-[\w-]+\.so\.\d$/.test(file) && realpathSync(file).startsWith(realpathSync(root)))
    if (loader === undefined) throw new Error(`no loader for ${process.arch} was unpacked`)
    const shared = readdirSync(library).find((name) => name.startsWith('libsystemd-shared'))
    if (shared === undefined) throw new Error('no systemd library was unpacked')
    // Through the release's own loader and libraries, so that those never meet this machine's.
    const start = ['--library-path', [...folders, library].join(':')]
    const ruby = path.join(root, 'usr/bin', only(path.join(root, 'usr/bin'), /^ruby\d[\d.]*$/))
    return {
      python: {
        program: loader,
        args: [...start, path.join(root, 'usr/bin/python3')],
        env: { PYTHONHOME: path.join(root, 'usr'), PYTHONDONTWRITEBYTECODE: '1' },
      },
      ruby: { program: loader, args: [...start, ruby, '--disable-gems'], env: { RUBYLIB: rubyFolders(root).join(':') } },
      systemd: path.join(library, shared),
    }
  })

function once<T>(name: string, find: () => Promise<T>): Promise<T | string> {
  const found =
    (known.get(name) as Promise<T | string> | undefined) ?? find().catch((error: unknown) => (error instanceof Error ? error.message : String(error)))
  known.set(name, found)
  return found
}

function unpacked(name: string, suite: string, packages: readonly string[]): Promise<string> {
  return filledOnce(name, async (folder) => {
    const reason = reasonAgainstDebian()
    if (reason !== null) throw new Error(reason)
    await unpackDebian(suite, packages, folder)
  })
}

function rubyFolders(root: string): readonly string[] {
  const gems = path.join(root, 'usr/share/rubygems-integration/all/gems')
  const library = path.join(root, 'usr/lib/ruby')
  const version = only(library, /^\d[\d.]*$/)
  const native = path.join(root, 'usr/lib', TRIPLET, 'ruby')
  return [
    path.join(gems, only(gems, /^dotenv-\d/), 'lib'),
    ...[version, 'vendor_ruby'].map((name) => path.join(library, name)),
    ...[version, `vendor_ruby/${version}`].map((name) => path.join(native, name)),
  ]
}

function only(folder: string, name: RegExp): string {
  const found = readdirSync(folder).find((file) => name.test(file))
  if (found === undefined) throw new Error(`nothing like ${name.source} was unpacked`)
  return found
}
