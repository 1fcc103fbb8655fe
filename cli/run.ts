import { type App, openApp, sizeOfProject } from '../src/app.ts'
import { KeyturnError } from '../src/errors.ts'
import { unsupported } from './commands/later.ts'
import { findCommand } from './commands.ts'
import type { CommandContext, GlobalOptions, Run } from './context.ts'
import { asFailure } from './failure.ts'
import { LOADERS } from './loaders.ts'
import { createOutput, type Output, type Sink } from './output.ts'
import { parseCommandLine, type Request, wantsJson } from './program.ts'
import { createPrompts, type Keyboard, type Prompts } from './prompt.ts'
import { fitted } from './wrap.ts'

/** The process as the program sees it. */
export interface World {
  readonly stdout: Sink
  readonly stderr: Sink
  readonly stdin: Keyboard
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly signal: AbortSignal
  /** Does the same command line once more where less memory is used for it; absent where it is done so already. */
  readonly apart?: () => Promise<number>
  takeSignals(take: (signal: NodeJS.Signals) => void): void
}

/** Runs one command line and gives its exit status. Never throws: whatever went wrong has been printed. */
export async function runCommandLine(argv: readonly string[], world: World): Promise<number> {
  // Before anything is parsed: this alone decides how a wrong command line is answered.
  let out = output(world, { json: wantsJson(argv), quiet: false, color: false, logLevel: 'info' })
  try {
    const request = parseCommandLine(argv)
    if (request.kind === 'text') {
      world.stdout.write(fitted(out, request.text))
      return 0
    }
    out = output(world, request.globals)
    return await perform(request, out, world)
  } catch (error) {
    const failure = asFailure(error, world.signal)
    if (failure.code === 'INTERNAL' && world.env.KEYTURN_DEBUG && error instanceof Error) world.stderr.write(`${error.stack ?? error.message}\n`)
    out.fail(failure)
    return failure.exitCode
  }
}

/** Commands that read everything and change nothing. */
const READERS: ReadonlySet<string> = new Set(['', 'status', 'report'])

/** About four thousand secrets: from there on it matters how much memory is used, and the start no longer does. */
const LARGE_BYTES = 1024 * 1024

async function perform(request: Request & { kind: 'run' }, out: Output, world: World): Promise<number> {
  const { globals } = request
  if (world.apart && READERS.has(request.command) && sizeOfProject({ ...globals, cwd: folderOf(world) }) > LARGE_BYTES) return world.apart()
  let opened: Promise<App> | null = null
  let prompts: Prompts | null = null
  const context: CommandContext = {
    options: globals,
    out,
    signal: world.signal,
    takeSignals: world.takeSignals,
    cwd: folderOf(world),
    env: world.env,
    // Both are made when they are asked for: opening stdin loads the streams of files, which most commands never need.
    get stdin() {
      return world.stdin
    },
    get prompts() {
      prompts ??= createPrompts({ keyboard: world.stdin, screen: world.stderr, yes: globals.yes, signal: world.signal })
      return prompts
    },
    app: () => {
      opened ??= open(globals, context)
      return opened
    },
    reopen: async () => {
      // `restore` asks again after there was no project.
      await opened?.then(
        (app) => app.close(),
        () => undefined,
      )
      opened = open(globals, context)
      return opened
    },
  }
  const run = await load(request.command)
  try {
    return await run(context, request.args, request.options)
  } finally {
    // An app that could not be opened has thrown already.
    await (opened as Promise<App> | null)?.then(
      (app) => app.close(),
      () => undefined,
    )
  }
}

/** @throws FILE_UNREADABLE where somebody removed it meanwhile */
function folderOf(world: World): string {
  try {
    return world.cwd
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    throw new KeyturnError('FILE_UNREADABLE', `the folder that this runs in cannot be read (${code ?? 'unknown'})`, { hint: 'cd to a folder that is there' })
  }
}

function open({ config, environment }: GlobalOptions, context: CommandContext): Promise<App> {
  const { cwd, signal } = context
  const passphrase = (file: string) => context.prompts.hidden(`Passphrase of ${file}: `, 'an identity file without one, named by KEYTURN_IDENTITY_FILE')
  return openApp({ config, environment, cwd, signal, passphrase })
}

async function load(command: string): Promise<Run> {
  const loader = LOADERS[command]
  if (!loader || findCommand(command)?.later) return unsupported(command)
  return (await loader()).run
}

const output = (world: World, globals: Pick<GlobalOptions, 'json' | 'quiet' | 'color' | 'logLevel'>): Output =>
  createOutput({
    stdout: world.stdout,
    stderr: world.stderr,
    json: globals.json,
    quiet: globals.quiet,
    // https://no-color.org: set and not empty, whatever it says.
    color: globals.color && !world.env.NO_COLOR && world.env.TERM !== 'dumb',
    level: globals.logLevel,
  })
