import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dockerVerdict, readDockerRules } from '../../src/guards/dockerignore.ts'
import { type Docker, dockerMissing, quickFolder, startDocker } from '../servers/docker.ts'
import { canary } from '../support/canary.ts'
import { makeProject } from '../support/project.ts'
import { isLongRun, runs } from '../support/runs.ts'
import { FILES, generateTexts } from './dockerignore-cases.ts'

/** A build takes half a second: several contexts come into one, each with rules of its own. */
const CONTEXTS = 20

/** The short run is always the same one. */
const SEED = Number(process.env.KEYTURN_DOCKERIGNORE_SEED ?? (isLongRun('dockerignore') ? Math.floor(Math.random() * 2 ** 31) : 1))

describe.skipIf(await dockerMissing())('.dockerignore, compared with a real build', () => {
  let engine: Docker
  let root = ''
  beforeAll(async () => {
    engine = await startDocker()
    root = mkdtempSync(path.join(quickFolder(), 'keyturn-context-'))
  })
  afterAll(async () => {
    await engine.stop()
    rmSync(root, { recursive: true, force: true })
  })

  let made = 0
  const place = (text: string | null): string => {
    const folder = path.join(root, `context-${made++}`)
    for (const file of FILES) put(path.join(folder, file), 'x')
    if (text !== null) put(path.join(folder, '.dockerignore'), text)
    return folder
  }

  /** What arrives of each context; `null` where Docker refuses to build. */
  const build = async (contexts: readonly string[]): Promise<readonly (readonly string[])[] | null> => {
    const work = path.join(root, `build-${made++}`)
    const [main = '', ...named] = contexts
    put(path.join(work, 'Dockerfile'), ['FROM scratch', 'COPY . /0/', ...named.map((_, at) => `COPY --from=c${at + 1} . /${at + 1}/`), ''].join('\n'))
    const more = named.flatMap((folder, at) => ['--build-context', `c${at + 1}=${folder}`])
    const out = path.join(work, 'out')
    try {
      await engine.docker('buildx', 'build', '--quiet', '-f', path.join(work, 'Dockerfile'), ...more, '--output', `type=local,dest=${out}`, main)
    } catch (error) {
      const said = String((error as { stderr?: string }).stderr ?? error)
      if (!/syntax error in pattern|illegal exclusion pattern/.test(said)) throw new Error(said)
      return null
    }
    return contexts.map((_, at) => filesBelow(path.join(out, String(at))))
  }

  /** What we say of a context: `null` where Docker gives up at one of the paths in it. */
  const expected = (text: string): readonly string[] | null => {
    const rules = readDockerRules(text)
    const verdicts = new Map([...PATHS, '.dockerignore'].map((name) => [name, dockerVerdict(rules, name)]))
    if ([...verdicts.values()].includes('refused')) return null
    return [...FILES, '.dockerignore'].filter((file) => verdicts.get(file) === 'in').sort()
  }

  test(`agrees on ${runs('dockerignore', 40)} generated files, seed ${SEED}`, async () => {
    const cases = generateTexts(runs('dockerignore', 40), SEED).map((text) => ({ text, expected: expected(text) }))
    const wrong: unknown[] = []
    const compare = (one: (typeof cases)[number], arrived: readonly string[] | null | undefined): void => {
      if (JSON.stringify(arrived) !== JSON.stringify(one.expected)) wrong.push({ ...one, arrived })
    }
    const taken = cases.filter((one) => one.expected !== null)
    for (let at = 0; at < taken.length; at += CONTEXTS) {
      const some = taken.slice(at, at + CONTEXTS)
      const folders = some.map(({ text }) => place(text))
      const all = await build(folders)
      for (const [i, one] of some.entries()) compare(one, all === null ? (await build([folders[i] as string]))?.[0] : all[i])
      for (const folder of folders) rmSync(folder, { recursive: true })
    }
    for (const one of cases) if (one.expected === null) compare(one, (await build([place(one.text)]))?.[0] ?? null)
    expect(wrong).toEqual([])
    expect(taken.length).toBeGreaterThan(cases.length / 2)
  }, 600_000)

  test('of a project that check --fix has been at, nothing arrives by any of its builds', async () => {
    const value = canary()
    await using project = makeProject({
      'secrets.yaml': 'id: kt_guards01\nsecrets: { jwt: { env: JWT_SECRET, rotator: random } }\noutputs: [.env, config/app.env]\n',
      'compose.yaml': 'services:\n  api: { build: { context: ., dockerfile: docker/api.Dockerfile } }\n  web: { build: ./web }\n',
      'docker/api.Dockerfile': 'FROM scratch\nCOPY . /\n',
      'docker/api.Dockerfile.dockerignore': '*\n!config\n!web\n',
      'web/Dockerfile': 'FROM scratch\nCOPY . /\n',
      Dockerfile: 'FROM scratch\nCOPY . /\n',
      'src/index.js': '// code\n',
    })
    const held = ['.env', 'config/app.env', '.env.bak', 'web/.env.local', 'src/.env~']
    for (const file of held) project.write(file, `JWT_SECRET=${value}\n`, 0o600)
    const builds = [
      ['.', 'docker/api.Dockerfile'],
      ['web', 'web/Dockerfile'],
      ['.', 'Dockerfile'],
    ] as const
    /** Files of the images that hold the value. */
    const arrived = async (): Promise<readonly string[]> => {
      const found: string[] = []
      for (const [context, dockerfile] of builds) {
        const out = path.join(root, `out-${made++}`)
        await engine.docker('buildx', 'build', '--quiet', '-f', project.path(dockerfile), '--output', `type=local,dest=${out}`, project.path(context))
        found.push(...filesBelow(out).filter((file) => readFileSync(path.join(out, file), 'utf8').includes(value)))
      }
      return found
    }
    expect((await arrived()).length).toBeGreaterThan(held.length)
    const { findings } = JSON.parse((await project.run(['check', '--json'])).stdout) as { findings: readonly { rule: string; file: string }[] }
    const told = findings.filter(({ rule }) => rule === 'docker-context').map(({ file }) => file)
    expect([...new Set(told)].sort()).toEqual([...held].sort())
    expect((await project.run(['check', '--fix'])).code).toBe(0)
    expect(await arrived()).toEqual([])
  })
})

/** Every file, and every folder that leads to one. */
const PATHS = [...new Set(FILES.flatMap((file) => file.split('/').map((_, at, parts) => parts.slice(0, at + 1).join('/'))))]

function put(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, text)
}

function filesBelow(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
      .sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
