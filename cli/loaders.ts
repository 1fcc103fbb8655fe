import { run as none } from './commands/none.ts'
import { run as status } from './commands/status.ts'
import type { CommandModule } from './context.ts'

/**
 * Where the code of each command is. A command is loaded when it is called and not before: `status` must not pay for what `init` needs.
 * The two that people type all day are in the program itself. The empty name is the program without a command.
 */
export const LOADERS: Readonly<Record<string, () => Promise<CommandModule>>> = {
  '': async () => ({ run: none }),
  adopt: () => import('./commands/adopt.ts'),
  approve: () => import('./commands/approve.ts'),
  check: () => import('./commands/check.ts'),
  backup: () => import('./commands/backup.ts'),
  eject: () => import('./commands/eject.ts'),
  identity: () => import('./commands/identity.ts'),
  restore: () => import('./commands/restore.ts'),
  init: () => import('./commands/init.ts'),
  completion: () => import('./commands/completion.ts'),
  get: () => import('./commands/get.ts'),
  help: () => import('./commands/help.ts'),
  history: () => import('./commands/history.ts'),
  report: () => import('./commands/report.ts'),
  rollback: () => import('./commands/rollback.ts'),
  rotate: () => import('./commands/rotate.ts'),
  doctor: () => import('./commands/doctor.ts'),
  revoke: () => import('./commands/revoke.ts'),
  rm: () => import('./commands/rm.ts'),
  run: () => import('./commands/run.ts'),
  schema: () => import('./commands/schema.ts'),
  set: () => import('./commands/set.ts'),
  sync: () => import('./commands/sync.ts'),
  status: async () => ({ run: status }),
}
