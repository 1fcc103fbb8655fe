import { type Conf, readConf } from '../../../src/rotators/asterisk/conf.ts'
import { applyEdits, checkEdits, type Edit } from '../../../src/rotators/asterisk/edit.ts'

/** An `ari.conf` in memory, with the files beside it by name. */
export const readText = (text: string, beside: Readonly<Record<string, string>> = {}): Promise<Conf> =>
  readConf('/etc/asterisk/ari.conf', '/etc/asterisk', async (file) => ({ ...beside, 'ari.conf': text })[file.replace('/etc/asterisk/', '')] ?? null)

/** The texts after the edits, by file name; each was read back and compared first. */
export async function edited(conf: Conf, edits: readonly Edit[], user: string, password: string | null): Promise<Record<string, string>> {
  const texts = applyEdits(edits)
  await checkEdits(conf, texts, user, password, '/etc/asterisk')
  return Object.fromEntries([...texts].map(([file, text]) => [file.path.replace('/etc/asterisk/', ''), text]))
}
