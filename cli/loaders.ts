import type { CommandModule } from './context.ts'

/**
 * Where the code of each command is. A command is loaded when it is called and not before: `status` must not pay for
 * what `init` needs. The empty name is the program without a command.
 */
export const LOADERS: Readonly<Record<string, () => Promise<CommandModule>>> = {
  '': () => import('./commands/none.ts'),
  help: () => import('./commands/help.ts'),
  history: () => import('./commands/history.ts'),
  report: () => import('./commands/report.ts'),
  status: () => import('./commands/status.ts'),
}
