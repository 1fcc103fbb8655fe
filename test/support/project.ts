import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { unpackedPrograms } from '../servers/programs.ts'
import { filesWithCanary } from './canary.ts'
import { type ProgramOptions, type Result, type Running, runProgram, startProgram } from './program.ts'

type RunOptions = Partial<Omit<ProgramOptions, 'env'>> & { readonly env?: Readonly<Record<string, string | undefined>> }

/** A project in a folder of its own, with a home of its own: what is not in it cannot be seen by the program. */
export interface Project {
  /** The project's folder. */
  readonly dir: string
  /** The private HOME; `$XDG_STATE_HOME` and its like lie in it. */
  readonly home: string
  /** The private TMPDIR: empty again after every well-behaved command. */
  readonly tmp: string
  /** What the program gets as its environment. */
  readonly env: Readonly<Record<string, string>>
  path(name: string): string
  write(name: string, text: string | Uint8Array, mode?: number): void
  read(name: string): string
  exists(name: string): boolean
  /** The permission bits. */
  mode(name: string): number
  /** Names below the project's folder, without `.git`; sorted. */
  list(): readonly string[]
  /** Runs the real program here and waits for its end. */
  run(args: readonly string[], options?: RunOptions): Promise<Result>
  /** Starts it and comes back at once. */
  start(args: readonly string[], options?: RunOptions): Running
  /** Runs git here, with its own settings; for `git init`, `git add` and the like. */
  git(...args: string[]): string
  /** Files of project, home and temporary folder that hold a canary, such as `project/.env`. */
  leaks(except?: readonly string[]): readonly string[]
  [Symbol.asyncDispose](): Promise<void>
}

/** `await using project = makeProject({ '.env': 'A=1\n' })`: cleaned up at the end of the test, however it ends. */
export function makeProject(files: Readonly<Record<string, string | Uint8Array>> = {}): Project {
  // The real path: git and the program print it so.
  const root = realpathSync(mkdtempSync(path.join(tmpdir(), 'keyturn-test-')))
  const dir = path.join(root, 'project')
  const home = path.join(root, 'home')
  const tmp = path.join(root, 'tmp')
  for (const folder of [dir, home, tmp]) mkdirSync(folder, { mode: 0o700 })
  const env = {
    HOME: home,
    TMPDIR: tmp,
    XDG_STATE_HOME: path.join(home, 'state'),
    XDG_CONFIG_HOME: path.join(home, 'config'),
    XDG_CACHE_HOME: path.join(home, 'cache'),
    XDG_DATA_HOME: path.join(home, 'data'),
    PATH: `${path.dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin:${unpackedPrograms()}`,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    GIT_CONFIG_NOSYSTEM: '1',
  }
  const at = (name: string) => path.join(dir, name)
  const withDefaults = (options: RunOptions = {}): ProgramOptions => ({
    ...options,
    cwd: options.cwd ?? dir,
    env: Object.fromEntries(Object.entries({ ...env, ...options.env }).filter((entry): entry is [string, string] => entry[1] !== undefined)),
  })

  const project: Project = {
    dir,
    home,
    tmp,
    env,
    path: at,
    write(name, text, mode) {
      mkdirSync(path.dirname(at(name)), { recursive: true })
      writeFileSync(at(name), text)
      if (mode !== undefined) chmodSync(at(name), mode)
    },
    read: (name) => readFileSync(at(name), 'utf8'),
    exists: (name) => existsSync(at(name)),
    mode: (name) => statSync(at(name)).mode & 0o7777,
    list: () => (readdirSync(dir, { recursive: true }) as string[]).filter((name) => name !== '.git' && !name.startsWith('.git/')).sort(),
    run: (args, options) => runProgram(args, withDefaults(options)),
    start: (args, options) => startProgram(args, withDefaults(options)),
    git: (...args) =>
      execFileSync('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.org', '-c', 'init.defaultBranch=main', ...args], {
        cwd: dir,
        env,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    leaks: (except = []) => filesWithCanary(root, except),
    async [Symbol.asyncDispose]() {
      makeWritable(root)
      rmSync(root, { recursive: true, force: true })
    },
  }
  for (const [name, text] of Object.entries(files)) project.write(name, text)
  return project
}

/** A test of missing permissions leaves folders that nobody but root could remove. */
function makeWritable(folder: string): void {
  chmodSync(folder, 0o700)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) makeWritable(path.join(folder, entry.name))
  }
}
