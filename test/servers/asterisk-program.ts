import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, realpathSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { filledOnce } from './cache.ts'
import { reasonAgainstDebian, unpackDebian } from './debian.ts'

const run = promisify(execFile)

export type AsteriskVersion = 16 | 22

/** Neither is in Debian 12 or 13: bullseye has 16.28, sid has 22. */
const SUITES: Readonly<Record<AsteriskVersion, string>> = { 16: 'bullseye', 22: 'sid' }

/** Enough for ARI and AMI. With these the server listens on loopback only; with all of them it would open UDP ports to the world. */
export const MODULES: readonly string[] = (
  'res_http_websocket res_websocket_client res_stasis res_stasis_answer res_stasis_playback res_stasis_recording ' +
  'res_stasis_snoop res_stasis_device_state res_stasis_mailbox app_stasis res_ari_model res_ari res_ari_asterisk ' +
  'res_ari_applications res_ari_events res_ari_channels res_ari_bridges res_ari_endpoints res_ari_device_states ' +
  'res_sorcery_memory res_sorcery_config res_sorcery_astdb pbx_config'
).split(' ')

/** An unpacked Asterisk, and how to run it. */
export interface AsteriskProgram {
  readonly root: string
  readonly modules: string
  /** The program through its own release's loader and libraries, so that those never meet this machine's. */
  readonly command: readonly string[]
}

const programs = new Map<AsteriskVersion, Promise<AsteriskProgram | string>>()

/** The program; or, as a text, why it cannot be had here. Fetched once a machine: some 12 s and 55 MB. */
export function asteriskProgram(version: AsteriskVersion): Promise<AsteriskProgram | string> {
  const known = programs.get(version) ?? find(version)
  programs.set(version, known)
  return known
}

async function find(version: AsteriskVersion): Promise<AsteriskProgram | string> {
  try {
    const root = await filledOnce(`asterisk-${version}`, async (folder) => {
      const reason = reasonAgainstDebian()
      if (reason !== null) throw new Error(reason)
      await unpackDebian(SUITES[version], ['asterisk'], folder)
      await slim(folder)
    })
    return locate(root)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function locate(root: string): AsteriskProgram {
  const triplet = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu'
  const folders = [`lib/${triplet}`, `usr/lib/${triplet}`, 'usr/lib64', 'lib64', 'usr/lib']
    .map((name) => path.join(root, name))
    .filter((name) => existsSync(name))
  const loader = folders
    .flatMap((folder) => readdirSync(folder).map((name) => path.join(folder, name)))
    .find((file) => /\/ld-(linux-.*|[0-9.]+)\.so(\.\d)?$/.test(file) && leadsInside(file, root))
  const modules = [`usr/lib/${triplet}/asterisk/modules`, 'usr/lib/asterisk/modules'].map((name) => path.join(root, name)).find((name) => existsSync(name))
  if (loader === undefined || modules === undefined) throw new Error(`no Asterisk for ${process.arch} was unpacked`)
  return { root, modules, command: [loader, '--library-path', folders.join(':'), path.join(root, 'usr/sbin/asterisk')] }
}

/** Debian 11's /lib64/ld-linux is a link to the machine's own loader. */
function leadsInside(file: string, root: string): boolean {
  return existsSync(file) && realpathSync(file).startsWith(`${realpathSync(root)}/`)
}

/** Keeps the program, the modules named above and the libraries that these load: 30 to 55 MB of 200 to 240. */
async function slim(folder: string): Promise<void> {
  const { command, modules } = locate(folder)
  const [loader = '', flag = '', libraries = '', asterisk = ''] = command
  const wanted = MODULES.map((name) => path.join(modules, `${name}.so`)).filter((file) => existsSync(file))
  const keep = new Set([loader, asterisk, ...wanted])
  for (const file of [asterisk, ...wanted]) {
    const { stdout } = await run(loader, [flag, libraries, '--list', file])
    for (const [, library] of stdout.matchAll(/=> (\/\S+)/g)) if (library?.startsWith(folder)) keep.add(library)
  }
  const small = `${folder}.slim`
  rmSync(small, { recursive: true, force: true })
  for (const file of keep) {
    const to = path.join(small, path.relative(folder, file))
    mkdirSync(path.dirname(to), { recursive: true })
    cpSync(realpathSync(file), to)
  }
  for (const data of ['usr/share/asterisk/rest-api', 'usr/share/asterisk/documentation', 'etc/asterisk']) {
    cpSync(path.join(folder, data), path.join(small, data), { recursive: true, dereference: true })
  }
  rmSync(folder, { recursive: true })
  renameSync(small, folder)
}
