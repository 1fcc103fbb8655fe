import { interrupted } from './failure.ts'
import { runCommandLine } from './run.ts'

/** The program. The only file that ends the process. */

const INTERRUPTED = 130

const controller = new AbortController()

function stop(): void {
  // The second one means it: a step that hangs must not hold the terminal.
  if (controller.signal.aborted) process.exit(INTERRUPTED)
  process.stderr.write('secrets: stopping at the next safe point; once more to stop at once\n')
  controller.abort(interrupted())
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)

// "secrets status | head" closes the pipe early: that is no failure. Nothing can be said on a stderr that is gone either.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0)
    throw error
  })
}

runCommandLine(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  // Opened when it is read: a socket on stdin costs a module that most commands never need.
  get stdin() {
    return process.stdin
  },
  env: process.env,
  cwd: process.cwd(),
  signal: controller.signal,
}).then((status) => {
  // Not left to the event loop: a timer or socket that somebody forgot would keep the terminal. What was written to a pipe
  // or file has been written; a slow terminal gets its time.
  process.exitCode = status
  process.stdout.write('', () => process.exit(status))
})
