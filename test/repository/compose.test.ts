import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

const ROOT = path.join(import.meta.dirname, '../..')
const text = readFileSync(path.join(ROOT, 'docker-compose.yml'), 'utf8')

interface Service {
  readonly image?: string
  readonly build?: unknown
  readonly ports?: readonly string[]
  readonly environment?: unknown
  readonly profiles?: readonly string[]
}

/** Compose itself as a command, where this machine has it: a plugin of docker, or the program. */
const COMPOSE = [['docker', 'compose'], ['docker-compose']].find(([program = '', ...args]) => {
  try {
    return execFileSync(program, [...args, 'version', '--short'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).startsWith('2')
  } catch {
    return false
  }
})

test('docker compose takes the file as it is, and with every profile', () => {
  const { services } = readComposed()
  expect(Object.keys(services).sort()).toEqual(['redis', 'secrets'])
  for (const service of Object.values(services)) expect(service.image ?? service.build).toBeDefined()
})

/** As compose reads it; where there is no compose, as YAML. */
function readComposed(): { readonly services: Readonly<Record<string, Service>> } {
  if (COMPOSE === undefined) return parse(text)
  const [program = '', ...args] = COMPOSE
  const env = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/' }
  const composed = execFileSync(program, [...args, '-f', 'docker-compose.yml', '--profile', '*', 'config', '--format', 'json'], {
    cwd: ROOT,
    encoding: 'utf8',
    env,
  })
  return JSON.parse(composed)
}

test('nothing starts unasked, no port leaves loopback, and no value stands in the file', () => {
  const { services } = parse(text) as { services: Record<string, Service> }
  for (const service of Object.values(services)) {
    expect(service.profiles?.length).toBeGreaterThan(0)
    expect(service.environment).toBeUndefined()
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/)
  }
})

test('.env.example names what the compose file reads, and gives no values', () => {
  const example = readFileSync(path.join(ROOT, '.env.example'), 'utf8')
  const lines = example.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  for (const line of lines) expect(line).toMatch(/^[A-Z_]+=$/)
  const read = new Set([...text.matchAll(/(?<!\$)\$\{([A-Z_]+)/g)].map(([, name]) => name))
  expect(lines.map((line) => line.slice(0, -1)).sort()).toEqual([...read].sort())
})

test('the build context holds no env file and no folder that the image does not need', () => {
  const rules = readFileSync(path.join(ROOT, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  expect(rules[0]).toBe('*')
  const copied = [...readFileSync(path.join(ROOT, 'Dockerfile'), 'utf8').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names = '']) => names.split(' '))
  const letIn = rules.filter((rule) => rule.startsWith('!')).map((rule) => rule.slice(1))
  expect(letIn.sort()).toEqual(copied.sort())
  expect(rules.slice(-2)).toEqual(['**/.env', '**/.env.*'])
})
