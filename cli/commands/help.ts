import { KeyturnError } from '../../src/errors.ts'
import { nearest } from '../../src/inventory/nearest.ts'
import { COMMANDS, findCommand } from '../commands.ts'
import type { Run } from '../context.ts'
import { allCommands, commandHelp, overview } from '../help.ts'

/** `secrets help [COMMAND] [--all]`. @throws USAGE for a command that does not exist */
export const run: Run = async ({ out }, [name], options) => {
  if (out.json) {
    out.document({ schema: 'keyturn/commands@1', commands: COMMANDS })
    return 0
  }
  if (name === undefined) {
    out.print(options['all'] ? allCommands() : overview())
    return 0
  }
  const command = findCommand(name)
  if (!command) {
    const close = nearest(
      name,
      COMMANDS.map((known) => known.name),
    )
    throw new KeyturnError('USAGE', `there is no command "${name}"`, { hint: close ? `did you mean "secrets ${close}"?` : 'secrets help --all' })
  }
  out.print(commandHelp(command))
  return 0
}
