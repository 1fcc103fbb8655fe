import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compose } from '../../../src/consumers/compose.ts'
import { BUSYBOX, loadBusybox } from '../../servers/busybox.ts'
import { type Docker, dockerMissing, startDocker } from '../../servers/docker.ts'
import { expectNoCanary } from '../../support/canary.ts'
import { errorOf, printOf } from '../context.ts'
import { composeCase, WAITING } from './case.ts'

const service = (more: string): string => `image: ${BUSYBOX}\n    network_mode: none\n    command: ${WAITING}\n    ${more}\n`

describe.skipIf(await dockerMissing())('the consumer compose, with a real engine', () => {
  let engine: Docker
  beforeAll(async () => {
    engine = await startDocker()
    await loadBusybox(engine)
  })
  afterAll(() => engine.stop())

  it('finds what a service takes under whatever name, recreates it alone, and leaves others where they are', async () => {
    await using c = composeCase(engine, {
      'compose.yaml': `services:
  file:
    ${service('env_file: .env')}
  parts:
    ${service(`environment: { LLM: "\${KEY}", DATABASE_URL: "postgres://u:\${PW}@h/db", FIXED: "x$$y" }`)}
  own:
    ${service('env_file: .env\n    environment: { KEY: "its own" }')}
  apart:
    ${service('environment: { PORT: "80" }')}
`,
      '.env': 'KEY=canary-old\nPW=canary-old\n',
    })
    c.up('up', '-d')
    const old = { KEY: 'canary-old', PW: 'canary-old' }
    // A value that was edited by hand keeps no other from being proved.
    expect(await c.proved({ service: 'parts' }, { KEY: 'canary-old', PW: 'of-the-store' })).toEqual({ KEY: 'current', PW: 'canary-old' })
    const now = { KEY: "canary-new $a'b", PW: 'canary-old' }
    expect(await c.proved({ service: 'file' }, old)).toEqual({ KEY: 'current', PW: 'current' })
    expect(await c.proved({ service: 'own' }, old)).toEqual({ KEY: 'untaken', PW: 'current' })
    const before = { parts: await c.ids('parts'), own: await c.ids('own'), apart: await c.ids('apart'), file: await c.ids('file') }
    c.write('.env', `KEY="canary-new $$a'b"\nPW=canary-old\n`)
    expect(await c.proved({ service: 'parts' }, now)).toEqual({ KEY: 'canary-old', PW: 'current' })
    // The documented way: it keeps the environment.
    c.up('restart', 'parts')
    expect(await c.proved({ service: 'parts' }, now)).toEqual({ KEY: 'canary-old', PW: 'current' })
    await c.refresh({ service: ['parts', 'own', 'apart'] }, now)
    expect(await c.proved({ service: 'parts' }, now)).toEqual({ KEY: 'current', PW: 'current' })
    expect(await c.proved({ service: 'apart' }, now)).toEqual({ KEY: 'untaken', PW: 'untaken' })
    expect([await c.ids('own'), await c.ids('apart'), await c.ids('file')]).toEqual([before.own, before.apart, before.file])
    expect(await c.ids('parts')).not.toEqual(before.parts)
    // One that is behind counts.
    expect(await c.proved({ service: ['parts', 'file'] }, now)).toEqual({ KEY: 'canary-old', PW: 'current' })
  }, 120_000)

  it('looks at the arguments, the health check, labels, and at secrets and configs made from a variable', async () => {
    await using c = composeCase(engine, {
      'compose.yaml': `services:
  cache:
    image: ${BUSYBOX}
    network_mode: none
    command: [sh, -c, "trap 'exit 0' TERM; while :; do sleep 1 & wait; done", "--pass=\${A}"]
    healthcheck: { test: [CMD, sh, -c, "test \${B} != ''"], interval: 200ms }
    labels: { owner: "\${C}" }
    secrets: [d]
    configs: [{ source: e, target: /etc/e.conf }]
secrets: { d: { environment: D } }
configs: { e: { content: "pass \${E}" } }
`,
      '.env': ['A', 'B', 'C', 'D', 'E'].map((name) => `${name}=canary-old\n`).join(''),
    })
    c.up('up', '-d')
    const all = (value: string) => ({ A: value, B: value, C: value, D: value, E: value })
    expect(await c.proved({ service: 'cache' }, all('canary-old'))).toEqual(all('current'))
    c.write('.env', ['A', 'B', 'C', 'D', 'E'].map((name) => `${name}=canary-new\n`).join(''))
    expect(await c.proved({ service: 'cache' }, all('canary-new'))).toEqual(all('canary-old'))
    await c.refresh({ service: 'cache' }, all('canary-new'))
    expect(await c.proved({ service: 'cache' }, all('canary-new'))).toEqual(all('current'))
  }, 120_000)

  it('keeps overrides, profiles, the scale and what was stopped', async () => {
    await using c = composeCase(engine, {
      'base.yaml': `services:\n  api:\n    ${service('env_file: .env')}\n  rest:\n    ${service('env_file: .env')}  late:\n    ${service('env_file: .env\n    profiles: [night]')}`,
      'production.yaml': 'services:\n  api:\n    environment: { MODE: production }\n',
      '.env': 'KEY=canary-old\n',
    })
    const files = ['-f', 'base.yaml', '-f', 'production.yaml']
    c.up(...files, '--profile', 'night', 'up', '-d', '--scale', 'api=2')
    c.up(...files, 'stop', 'rest')
    c.write('.env', 'KEY=canary-new\n')
    const now = { KEY: 'canary-new' }
    expect(await c.proved({ service: 'rest' }, now)).toEqual({ KEY: 'canary-old' })
    // What doctor sees, and the command with the project's own files.
    const seen = ((await compose.look?.(c.context({ service: ['api', 'rest', 'late'] }, now))) ?? []).map(
      ({ who, vars, idle, mend }) => `${who}: ${vars.KEY === printOf('canary-old') ? 'old' : 'other'}${idle === undefined ? '' : `, ${idle}`}; ${mend}`,
    )
    const up = 'run docker compose -f base.yaml -f production.yaml up -d'
    expect(seen).toEqual([
      `service api: old; ${up} --no-deps --force-recreate --scale api=2 api`,
      `service api: old; ${up} --no-deps --force-recreate --scale api=2 api`,
      `service rest: old, exited; ${up} rest`,
      `service late: old; ${up} --no-deps --force-recreate late`,
    ])
    const elsewhere = await compose.look?.(c.context({ service: 'rest', directory: c.dir }, now, { dir: '/', env: engine.env }))
    expect(elsewhere?.[0]?.mend).toBe(
      `run docker compose --project-directory ${c.dir.slice(1)} -f ${c.dir.slice(1)}/base.yaml -f ${c.dir.slice(1)}/production.yaml up -d rest`,
    )
    await c.refresh({ service: ['api', 'rest', 'late'] }, now)
    expect(await c.proved({ service: ['api', 'rest', 'late'] }, now)).toEqual({ KEY: 'current' })
    const ids = await c.ids('api')
    expect(ids).toHaveLength(2)
    const mode = await engine.docker('inspect', '--format', '{{range .Config.Env}}{{println .}}{{end}}', ...ids)
    expect(mode.match(/MODE=production/g)).toHaveLength(2)
    expect((await engine.docker('inspect', '--format', '{{.State.Status}}', ...(await c.ids('rest')))).trim()).toBe('created')
  }, 120_000)

  it('reads what a service mounts inside of it, and takes up once what somebody edited', async () => {
    await using c = composeCase(engine, {
      'compose.yaml': `services:
  file:
    ${service('volumes: ["./.env:/app/.env:ro"]')}
  secret:
    ${service('secrets: [env]')}
secrets: { env: { file: .env } }
`,
      '.env': 'KEY=canary-old\n',
    })
    c.up('up', '-d')
    const now = { KEY: 'canary-new' }
    c.write('.env', 'KEY=canary-new\n')
    // It stands there, and the program may have read it before.
    expect(await c.proved({ service: 'file' }, now)).toEqual({ KEY: 'other' })
    expect(await c.proved({ service: ['file', 'secret'], rereads: true }, now)).toEqual({ KEY: 'current' })
    await c.refresh({ service: ['file', 'secret'] }, now)
    expect(await c.proved({ service: ['file', 'secret'] }, now)).toEqual({ KEY: 'current' })
    // What somebody edited is taken up once, and told as what it is.
    c.write('.env', 'KEY=canary-older\n')
    await c.refresh({ service: 'file' }, now)
    const ids = await c.ids('file')
    await c.refresh({ service: 'file' }, now)
    expect([await c.ids('file'), await c.proved({ service: 'file' }, now)]).toEqual([ids, { KEY: 'canary-older' }])
  }, 120_000)

  it('says in words what keeps it from proving anything', async () => {
    await using c = composeCase(engine, {
      'compose.yaml': `services:
  api:
    ${service('env_file: .env')}
  extra:
    ${service('env_file: .env\n    profiles: [night]')}
  never:
    ${service('env_file: .env')}
  built:
    build: { context: ., args: { KEY: "\${KEY}" } }
    ${service('env_file: .env')}
  other:
    ${service('env_file: [.env, later.env]')}
  sick:
    ${service('env_file: .env\n    healthcheck: { test: [CMD, "false"], interval: 100ms, retries: 1 }')}
  slow:
    ${service('env_file: .env\n    healthcheck: { test: [CMD, "false"], interval: 60s, start_period: 60s }')}
  dead:
    image: ${BUSYBOX}
    network_mode: none
    env_file: .env
    command: [sh, -c, 'case $$KEY in *old) exec sleep 1000;; *) exit 7;; esac']
    stop_signal: SIGKILL
`,
      'later.env': 'KEY=another\n',
      '.env': 'KEY=canary-old\n',
    })
    c.up('up', '-d', 'api', 'built', 'other', 'sick', 'slow', 'dead')
    const old = { KEY: 'canary-old' }
    const says = async (params: object, expected = old, over = {}) => {
      const { code, message, hint } = (await errorOf(compose.prove?.(c.context(params, expected, over)) as Promise<unknown>)) as never as Record<string, string>
      // What only a person can mend is not knocked at again while a command waits.
      expect(code).toBe(/install|start |correct|name it|run as root/.test(hint ?? '') ? 'CONSUMER_MISSING' : 'CONSUMER_FAILED')
      expectNoCanary(`${message} ${hint}`.replaceAll('canary-old', ''), 'the message')
      return `${message}; ${hint}`.replaceAll(c.dir, 'DIR').replaceAll(/keyturn-compose-\w+/gi, 'project')
    }
    expect(await says({ service: 'nobody' })).toBe(
      'compose: the project has no service "nobody"; correct "service"; "docker compose config --services" lists what there is',
    )
    expect(await says({ service: 'never' })).toBe(
      'compose: service "never" has no container, so nothing shows what it holds; start it ("docker compose up -d never"), or take it out of the consumers',
    )
    expect(await says({ service: 'extra' })).toBe(
      'compose: service "extra" has no container: it belongs to profile night, and was never started; start it ("docker compose --profile night up -d extra"), or take it out of the consumers',
    )
    expect(await says({ service: 'built' })).toBe(
      'compose: service "built" takes KEY in build.args.KEY, where it cannot be proved; a value in an image is readable by whoever has it, and stays there: give it to the container instead',
    )
    expect(await says({ service: 'other' })).toMatch(/^compose: service "other" gets another KEY than DIR\/\.env holds; see "docker compose config"/)
    expect(await says({ service: 'sick' })).toBe(
      'project-sick-1 is unhealthy, says its health check; see "docker logs project-sick-1"; nothing is revoked meanwhile',
    )
    expect(await says({ service: 'slow' }, old, { timeoutMs: 3000 })).toBe(
      'project-slow-1 is still starting, says its health check after 3 s; see "docker logs project-slow-1"; nothing is revoked meanwhile',
    )
    expect(await says({ service: 'api', directory: 'nowhere' })).toBe('compose: there is no folder DIR/nowhere; correct "directory"')
    expect(await says({ service: 'api', directory: '/proc' }, old, { env: engine.env })).toBe(
      'compose: no compose file here; name it with "file", or its folder with "directory"',
    )
    const env = { ...engine.env, DOCKER_HOST: 'unix:///nowhere/docker.sock' }
    expect(await says({ service: 'api' }, old, { env })).toBe(
      'docker: no engine answers at unix:///nowhere/docker.sock; start it ("systemctl start docker"), or set DOCKER_HOST to where it is; nothing is revoked meanwhile',
    )
    expect(await says({ service: 'api' }, old, { env: { ...engine.env, PATH: '/nowhere' } })).toBe(
      "docker: not installed, or not in PATH; install Docker's command line; nothing is revoked meanwhile",
    )
    c.write('bin/docker', `#!/bin/sh\nexec setpriv --reuid=65534 --regid=65534 --clear-groups docker-of-root "$@"\n`)
    execFileSync('sh', ['-c', 'chmod 755 bin/docker && ln -s "$(command -v docker)" bin/docker-of-root && chmod 755 .'], { cwd: c.dir, env: engine.env })
    expect(await says({ service: 'api' }, old, { env: { ...engine.env, PATH: `${c.dir}/bin:${engine.env.PATH}` } })).toBe(
      'docker: this user may not use the engine\'s socket; run as root or as a member of the group "docker"; nothing is revoked meanwhile',
    )
    expect(await says({ service: 'api', project: 'nothing-of-this-name' })).toMatch(/^compose: service "api" has no container/)
    expect(await says({ service: 'api' }, old, { env: { ...engine.env, DOCKER_CONFIG: c.dir } })).toBe(
      'docker: it has no "docker compose"; install the plugin docker-compose-plugin (Compose v2; docker-compose 1.x is not enough); nothing is revoked meanwhile',
    )
    c.write('.env', 'KEY=canary-new\n')
    await c.refresh({ service: 'dead' }, { KEY: 'canary-new' })
    const dead = async (): Promise<string> => (await c.proved({ service: 'dead' }, { KEY: 'canary-new' }).catch((error: Error) => error.message)) as string
    await expect.poll(dead, { timeout: 20_000 }).toMatch(/^\S+-dead-1 is not running: it ended with status 7$/)
    expect(await compose.health?.(c.context({ service: 'dead' }, old))).toMatchObject({ state: 'unhealthy' })
    expect(await compose.health?.(c.context({ service: ['api', 'sick'] }, old))).toMatchObject({ state: 'unhealthy' })
    expect(await compose.health?.(c.context({ service: 'api' }, old))).toMatchObject({ state: 'healthy' })
  }, 180_000)
})
