import { isMissing } from '../support/missing.ts'
import { type AsteriskVersion, asteriskProgram } from './asterisk-program.ts'

export type { AsteriskVersion } from './asterisk-program.ts'
export { type Asterisk, startAsterisk } from './asterisk-server.ts'

/** For `describe.skipIf(await asteriskMissing(22))`: fetches the program if need be, and says why where that cannot be. */
export async function asteriskMissing(version: AsteriskVersion): Promise<boolean> {
  const program = await asteriskProgram(version)
  return isMissing(`Asterisk ${version}`, typeof program === 'string' ? program : null)
}
