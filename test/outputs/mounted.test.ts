import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { mountedBy } from '../../src/outputs/mounted.ts'

let dir = ''
beforeEach(() => {
  dir = realpathSync(mkdtempSync(path.join(tmpdir(), 'keyturn-mounted-')))
  mkdirSync(path.join(dir, 'app', 'config'), { recursive: true })
  writeFileSync(path.join(dir, 'app', 'config', 'agent.env'), 'A=1\n')
})
afterEach(() => rmSync(dir, { recursive: true }))

const compose = (text: string, name = 'app/compose.yaml'): Promise<string | null> => {
  writeFileSync(path.join(dir, name), text)
  return mountedBy(path.join(dir, 'app', 'config', 'agent.env'))
}

describe('a file that a compose file mounts by itself', () => {
  it.each([
    ['in short', 'services: { api: { volumes: ["./config/agent.env:/etc/agent.env:ro"] } }'],
    ['in full', 'services: { api: { volumes: [{ type: bind, source: ./config/agent.env, target: /etc/agent.env }] } }'],
    ['as a secret', 'services: { api: { secrets: [env] } }\nsecrets: { env: { file: config/agent.env } }'],
    ['as a config under another name', 'services: { api: { configs: [{ source: env, target: /etc/x }] } }\nconfigs: { env: { file: ./config/agent.env } }'],
  ])('%s is seen', async (_, text) => {
    expect(await compose(text)).toBe('by service "api" of compose.yaml')
  })

  it('is seen in an override, through a link, and from a folder above', async () => {
    symlinkSync('config/agent.env', path.join(dir, 'app', 'link.env'))
    expect(await compose('services: { api: { volumes: ["./link.env:/etc/agent.env"] } } # agent.env', 'app/docker-compose.prod.yml')).toBe(
      'by service "api" of docker-compose.prod.yml',
    )
    rmSync(path.join(dir, 'app', 'docker-compose.prod.yml'))
    expect(await compose('services: { api: { volumes: ["./app/config/agent.env:/x"] } }', 'compose.yml')).toBe('by service "api" of compose.yml')
  })

  it.each([
    ['a folder', 'services: { api: { volumes: ["./config:/etc/agent"] } } # agent.env'],
    ['another file of this name', 'services: { api: { volumes: ["./other/agent.env:/x"] } }'],
    ['an env file', 'services: { api: { env_file: config/agent.env } }'],
    ['a volume', 'services: { api: { volumes: ["agent.env:/data"] } }\nvolumes: { agent.env: {} }'],
    ['a secret that nobody uses', 'services: { api: {} }\nsecrets: { env: { file: config/agent.env } }'],
    ['what is no compose file', 'agent.env: [}'],
  ])('%s is not one', async (_, text) => {
    expect(await compose(text)).toBeNull()
  })
})
