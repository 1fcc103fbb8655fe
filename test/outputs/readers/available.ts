import { existsSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'dotenv'
import { dockerPrograms } from '../../servers/docker-program.ts'
import { envReaders, type Suite } from '../../servers/env-readers.ts'
import { isMissing } from '../../support/missing.ts'
import { compose, dockerRun } from './containers.ts'
import { type Reader, type Reading, run } from './readers.ts'
import { nodeEnvFile, nodeParseEnv, pythonDotenv, rubyDotenv, shell, systemdLibrary } from './scripts.ts'

/** The npm package `dotenv`, its default parser. */
const dotenvPackage: Reader = { name: 'npm dotenv', dialect: 'dotenv', read: async (texts) => texts.map((text) => parse(text)) }

const jsonParse: Reader = {
  name: 'JSON.parse',
  dialect: 'json',
  read: async (texts) => texts.map((text) => JSON.parse(text.replace(/^\uFEFF/, '')) as Reading),
}

/** Every reader that can be run on this machine; the others are named at the end of the run. */
export async function availableReaders(): Promise<readonly Reader[]> {
  const here = process.version.replace(/\..*/, '')
  const readers = [dotenvPackage, jsonParse, nodeParseEnv(`node ${here}`, process.execPath), nodeEnvFile(`node ${here} --env-file`, process.execPath)]
  const other = otherNode()
  if (other) readers.push(nodeParseEnv(`node ${other.version}`, other.program), nodeEnvFile(`node ${other.version} --env-file`, other.program))
  for (const [program, ...args] of [['bash', '--norc', '--noprofile'], ['dash']] as const) if (existsSync(`/bin/${program}`)) readers.push(shell(program, args))
  for (const suite of ['bookworm', 'sid'] as const) readers.push(...(await ofSuite(suite)))
  const docker = await dockerPrograms()
  if (typeof docker === 'string') isMissing('docker run --env-file and docker compose config', docker)
  else {
    // Both read env files without an engine.
    const plugin = path.join(docker.config, 'cli-plugins/docker-compose')
    readers.push(compose(plugin), compose(plugin, 'raw'), dockerRun(path.join(docker.bin, 'docker')))
  }
  return readers
}

const RELEASES = {
  bookworm: { python: 'python-dotenv 0.21', ruby: 'ruby-dotenv 2.4', systemd: 'systemd 252' },
  sid: { python: 'python-dotenv of sid', ruby: 'ruby-dotenv of sid', systemd: 'systemd of sid' },
} as const

async function ofSuite(suite: Suite): Promise<readonly Reader[]> {
  const found = await envReaders(suite)
  const { python, ruby, systemd } = RELEASES[suite]
  if (typeof found === 'string') {
    isMissing(`${python}, ${ruby}, ${systemd}`, found)
    return []
  }
  return [pythonDotenv(python, found.python), rubyDotenv(ruby, found.ruby), systemdLibrary(systemd, found.python, found.systemd)]
}

/** The machine's own Node, where it is another than the one that runs the tests and knows `util.parseEnv`. */
function otherNode(): { readonly program: string; readonly version: string } | null {
  for (const program of ['/usr/bin/node', '/usr/local/bin/node']) {
    if (!existsSync(program)) continue
    try {
      const [version, knows] = run(program, ['-p', '[process.version, typeof util.parseEnv].join(" ")'], { cwd: '/' }).toString().trim().split(' ')
      if (knows === 'function' && version !== undefined && version !== process.version) return { program, version }
    } catch {
      // It does not start: then there is none to ask.
    }
  }
  return null
}
