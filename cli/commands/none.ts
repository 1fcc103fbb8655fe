import { isKeyturnError } from '../../src/errors.ts'
import { statusJson } from '../../src/reports/json.ts'
import { headline, nextCommands } from '../../src/reports/phrases.ts'
import type { Run } from '../context.ts'
import { readStatus } from '../status.ts'

/** `secrets` alone: where you stand, in three lines, and the next command. */
export const run: Run = async (context) => {
  const { out, options } = context
  // A folder without a project is where everybody starts; one that was named and is not there is a mistake.
  const named = options.config !== undefined || options.environment !== undefined
  const status = await readStatus(context).catch((error: unknown) => {
    if (!named && isKeyturnError(error, 'CONFIG_NOT_FOUND')) return null
    throw error
  })
  if (status === null) {
    if (out.json) out.document({ schema: 'keyturn/none@1', project: null, next: 'secrets init .env' })
    else out.print('No secrets.yaml here or in a folder above.\nStart with: secrets init .env\nAll commands: secrets help')
    return 0
  }
  if (out.json) {
    await out.documentStream(statusJson(status))
    return 0
  }
  const [worst] = status.rows
  const [next] = nextCommands(status, 1)
  out.print(headline(status))
  out.print(worst?.findings[0] ? `Worst: ${worst.secret.name}: ${worst.findings[0].message}` : 'Nothing is due.')
  out.print(next ? `Next: ${`${next.command}   ${next.does}`.trimEnd()}` : 'Next: secrets status   shows every secret')
  return 0
}
