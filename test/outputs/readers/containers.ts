import { spawn } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import path from 'node:path'
import type { Docker } from '../../servers/docker.ts'
import { type Reader, type Reading, run, splitPairs, withFiles } from './readers.ts'

/** Services in one call of Compose: a file that it refuses makes it refuse them all, and they are then asked for in halves. */
const SERVICES = 400

/** `docker compose config` reads `env_file` with no engine. `raw`: as `docker run` does. */
export const compose = (program: string, format: 'default' | 'raw' = 'default'): Reader => ({
  name: format === 'raw' ? 'docker compose, format: raw' : 'docker compose',
  dialect: format === 'raw' ? 'docker' : 'compose',
  read: (texts) =>
    withFiles(texts, (cwd) => {
      const all: Reading[] = []
      for (let from = 0; from < texts.length; from += SERVICES) {
        all.push(...configured(program, cwd, format, from, Math.min(from + SERVICES, texts.length)))
      }
      return all
    }),
})

function configured(program: string, cwd: string, format: string, from: number, to: number): readonly Reading[] {
  const raw = format === 'raw' ? { format: 'raw' } : {}
  const services = Object.fromEntries(
    Array.from({ length: to - from }, (_, i) => [`s${from + i}`, { image: 'x', env_file: [{ path: `./${from + i}`, ...raw }] }]),
  )
  writeFileSync(path.join(cwd, 'compose.json'), JSON.stringify({ services }))
  try {
    const printed = run(program, ['--project-name', 'x', '--file', 'compose.json', 'config', '--format', 'json'], { cwd, env: { HOME: cwd } })
    const read = JSON.parse(printed.toString()) as { services: Record<string, { environment?: Record<string, string | null> }> }
    return Array.from({ length: to - from }, (_, i) => plain(read.services[`s${from + i}`]?.environment ?? {}))
  } catch (error) {
    if (!(error instanceof Error && /^docker-compose ended with \d/.test(error.message))) throw error
    if (to - from === 1) return [null]
    const middle = (from + to) >> 1
    return [...configured(program, cwd, format, from, middle), ...configured(program, cwd, format, middle, to)]
  }
}

// A name alone takes its value from the environment, which has none here. A last line without `=` and line end has a value and
// no name, which no process is given. A dollar sign is printed as two.
const plain = (read: Record<string, string | null>): Reading =>
  Object.fromEntries(
    Object.entries(read).flatMap(([name, value]) => (value === null || name === '' ? [] : [[name, value].map((text) => text.replaceAll('$$', '$'))])),
  )

/** Before the first variable of each file, so that one call can read many. */
const MARK = 'KEYTURN_NEXT_FILE='

/**
 * `docker run --env-file`: the client reads the file, and the engine gets the outcome. In the engine's place stands a server that
 * keeps what it is asked to create, and refuses to.
 */
export const dockerRun = (program: string): Reader => ({
  name: 'docker run --env-file',
  dialect: 'docker',
  read: (texts) =>
    withFiles(texts, async (cwd) => {
      writeFileSync(path.join(cwd, 'mark'), `${MARK}\n`)
      return asked(program, cwd, 0, texts.length)
    }),
})

async function asked(program: string, cwd: string, from: number, to: number): Promise<readonly Reading[]> {
  if (to - from > SERVICES) return [...(await asked(program, cwd, from, from + SERVICES)), ...(await asked(program, cwd, from + SERVICES, to))]
  const files = Array.from({ length: to - from }, (_, i) => ['--env-file', 'mark', '--env-file', String(from + i)]).flat()
  const env = await created(program, cwd, files)
  if (env) {
    const starts = env.flatMap((pair, i) => (pair === MARK ? [i] : []))
    return starts.map((start, i) => Object.fromEntries(env.slice(start + 1, starts[i + 1] ?? env.length).flatMap(split)))
  }
  if (to - from <= 1) return [null]
  const middle = (from + to) >> 1
  return [...(await asked(program, cwd, from, middle)), ...(await asked(program, cwd, middle, to))]
}

const split = (pair: string): [string, string][] => (pair.includes('=') ? [[pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]] : [])

/** The environment of the container that would be created; `null` where the client refuses a file. */
async function created(program: string, cwd: string, args: readonly string[]): Promise<readonly string[] | null> {
  const socket = path.join(cwd, 'engine.sock')
  rmSync(socket, { force: true })
  let env: readonly string[] | null = null
  const engine = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (part: string) => {
      body += part
    })
    request.on('end', () => {
      response.setHeader('API-Version', '1.44')
      response.setHeader('OSType', 'linux')
      if (!request.url?.includes('/containers/create')) return response.end('OK')
      env = (JSON.parse(body) as { Env: readonly string[] }).Env
      response.writeHead(500, { 'content-type': 'application/json' }).end('{"message":"kept"}')
    })
  })
  await new Promise<void>((ready) => engine.listen(socket, ready))
  try {
    await new Promise<void>((done, failed) => {
      const child = spawn(program, ['run', '--network', 'none', ...args, 'image'], {
        cwd,
        env: { PATH: '/usr/bin:/bin', HOME: cwd, LC_ALL: 'C.UTF-8', DOCKER_HOST: `unix://${socket}`, DOCKER_CONFIG: cwd },
        stdio: 'ignore',
        timeout: 60_000,
      })
      child.on('error', failed)
      child.on('close', () => done())
    })
  } finally {
    engine.closeAllConnections()
    await new Promise((closed) => engine.close(closed))
  }
  return env
}

/** What a process in a container finds in its environment after `docker run --env-file`. Its programs are this machine's own. */
export function inContainer(engine: Docker, text: string): Promise<Readonly<Record<string, string>>> {
  return withFiles([text], async (cwd) => {
    run('tar', ['-cf', 'root.tar', '-T', '/dev/null'], { cwd })
    await engine.docker('import', path.join(cwd, 'root.tar'), 'empty')
    const mounts = ['/usr', '/lib', '/lib64', '/bin'].filter((folder) => existsSync(folder)).flatMap((folder) => ['-v', `${folder}:${folder}:ro`])
    const printed = await engine.docker('run', '--rm', '--network', 'none', ...mounts, '--env-file', path.join(cwd, '0'), 'empty', '/usr/bin/env', '-0')
    return splitPairs(Buffer.from(printed))
  })
}
