import { COMMANDS, findCommand } from '../commands.ts'
import type { Run } from '../context.ts'
import { allCommands, commandHelp, overview } from '../help.ts'
import { unknownCommand } from '../program.ts'

/** `secrets help [COMMAND] [--all]`. @throws USAGE for a command that does not exist */
export const run: Run = async ({ out }, [name], options) => {
  if (out.json) {
    out.document({ schema: 'keyturn/commands@1', commands: COMMANDS })
    return 0
  }
  const command = name === undefined ? null : findCommand(name)
  if (command === undefined) throw unknownCommand(String(name))
  out.print(command ? commandHelp(command) : options.all ? allCommands() : overview())
  return 0
}
