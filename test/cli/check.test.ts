import { chmodSync, lchownSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { programMissing } from '../servers/programs.ts'
import { canary } from '../support/canary.ts'
import { makeProject, type Project } from '../support/project.ts'
import { newCase } from './changing/case.ts'

const ID = 'kt_guards01'
const YAML = `id: ${ID}\nproject: shop\nsecrets:\n  openai: { env: OPENAI_API_KEY, rotator: manual }\n  jwt: { env: JWT_SECRET, rotator: random }\noutputs: [.env]\n`
const ENV = (): string => `OPENAI_API_KEY=${canary()}\nJWT_SECRET=${canary()}\nTZ=UTC\n`

/** A project as it is after `init`, without its store: no guard needs one. */
function newProject(files: Readonly<Record<string, string>> = {}, { git = true } = {}): Project {
  const project = makeProject({ 'secrets.yaml': YAML, '.env': ENV(), ...files })
  project.write('.env', project.read('.env'), 0o600)
  if (git) project.git('init', '-q')
  return project
}

interface Found {
  readonly rule: string
  readonly file: string
  readonly message: string
  readonly hint: string
}

async function check(project: Project, ...args: readonly string[]) {
  const { code, stdout, stderr } = await project.run(['check', '--json', ...args])
  const document = JSON.parse(stdout) as { findings: readonly Found[]; notLookedAt: readonly string[]; mended: readonly unknown[]; ok: boolean; schema: string }
  expect([document.schema, document.ok, stderr]).toEqual(['keyturn/check@1', code === 0, ''])
  expect(code).toBe(document.findings.length === 0 ? 0 : 3)
  return { ...document, rules: document.findings.map(({ rule, file }) => `${rule} ${file}`) }
}

const DOCKERFILE = 'FROM scratch\nCOPY . /\n'

describe.skipIf(await programMissing('git'))('secrets check', () => {
  test('finds what git and an image would take, and --fix adds the lines and nothing else', async () => {
    await using project = newProject({
      Dockerfile: DOCKERFILE,
      '.gitignore': '# mine\r\nnode_modules\r\n',
      '.env.bak': ENV(),
      '.env.example': 'JWT_SECRET=x\n',
    })
    project.write('.env.bak', project.read('.env.bak'), 0o640)
    const first = await project.run(['check'])
    expect(first.code).toBe(3)
    expect(first.stdout.split('\n').slice(0, 2)).toEqual(['! .env: git does not ignore it: "git add ." would take it', '    secrets check --fix'])
    expect((await check(project)).rules).toEqual([
      'git-ignored .env',
      'git-ignored .env.bak',
      'docker-context .env',
      'docker-context .env.bak',
      'file-mode .env.bak',
    ])
    const fixed = await project.run(['check', '--fix'])
    expect([fixed.code, fixed.stderr]).toEqual([0, ''])
    expect(fixed.stdout).toContain('.gitignore:\n    # mine\n    node_modules\n  + .env\n  + .*.keyturn-*.tmp\n  + .env.bak\n')
    expect(fixed.stdout).toContain('.env.bak: mode 600\n')
    expect(project.read('.gitignore')).toBe('# mine\r\nnode_modules\r\n.env\r\n.*.keyturn-*.tmp\r\n.env.bak\r\n')
    expect(project.read('.dockerignore')).toBe('**/.env\n**/.*.keyturn-*.tmp\n**/.env.bak\n')
    expect(project.mode('.env.bak')).toBe(0o600)
    const before = [project.read('.gitignore'), project.read('.dockerignore')]
    expect((await check(project, '--fix')).mended).toEqual([])
    expect([project.read('.gitignore'), project.read('.dockerignore')]).toEqual(before)
    project.git('add', '.')
    expect(
      project
        .git('ls-files')
        .split('\n')
        .filter((name) => name.startsWith('.env')),
    ).toEqual(['.env.example'])
  })

  test('says what it did not look at, and nothing of it with --quiet', async () => {
    await using project = newProject({
      '.gitignore': '.*\n',
      'docker-bake.hcl': '',
      'secrets.staging.yaml': YAML.replace(ID, 'kt_guards02').replace('project', 'environment: staging\nproject'),
    })
    const { code, stdout } = await project.run(['check'])
    expect([code, stdout]).toEqual([
      0,
      'nothing to find: 4 files and 0 builds looked at\nNot looked at:\n  docker-bake.hcl: not understood\n' +
        '  values in git history, in images and in other files: not in this version\n  secrets.staging.yaml: secrets check -e staging\n',
    ])
    expect(await project.run(['check', '--quiet'])).toMatchObject({ code: 0, stdout: '', stderr: '' })
    expect(await project.run(['check', 'leak.txt'])).toMatchObject({ code: 2, stderr: expect.stringContaining('does not search files for values') })
  })

  test('a file that git has already: staged, committed, and taken out of the index only', async () => {
    await using project = newProject({ '.gitignore': '.*\n' })
    project.git('add', '-f', '.env')
    expect((await check(project)).findings).toMatchObject([{ rule: 'git-tracked', message: /staged/, hint: /rm --cached -- \.env$/ }].map(expectTexts))
    project.git('commit', '-q', '-m', 'first')
    const committed = (await check(project, '--fix')).findings
    expect(committed).toMatchObject(
      [{ rule: 'git-tracked', message: /in the history/, hint: /rm --cached -- \.env {3}and commit that; .*secrets rotate openai jwt$/ }].map(expectTexts),
    )
    // Only a person does that.
    expect(project.git('ls-files', '.env').trim()).toBe('.env')
    project.git('rm', '-q', '--cached', '.env')
    expect((await check(project)).findings).toMatchObject([{ rule: 'git-committed', message: /removal is staged/, hint: /^git commit; / }].map(expectTexts))
    project.git('commit', '-q', '-m', 'second')
    expect((await check(project)).rules).toEqual([])
  })

  test('rules of this machine alone protect no other clone', async () => {
    await using project = newProject()
    project.write('../home/ignore', '.env\n')
    project.write('../home/.gitconfig', `[core]\n  excludesFile = ${project.home}/ignore\n`)
    expect((await check(project)).findings).toMatchObject([{ rule: 'git-ignored', message: /on this machine only \(.*home\/ignore:1\)/ }].map(expectTexts))
    project.write('../home/.gitconfig', '')
    project.write('.git/info/exclude', '.env\n')
    expect((await check(project)).findings).toMatchObject(
      [{ rule: 'git-ignored', message: /on this machine only \(\.git\/info\/exclude:1\)/ }].map(expectTexts),
    )
    expect((await check(project, '--fix')).rules).toEqual([])
    expect(project.read('.gitignore')).toContain('.env\n')
  })

  test('a .gitignore that is a link is not followed by git, so its lines do not count, and it stays', async () => {
    await using project = newProject({ rules: '.*\n' })
    symlinkSync('rules', project.path('.gitignore'))
    const { findings } = await check(project, '--fix')
    expect(findings).toMatchObject([{ rule: 'git-ignored', message: /symbolic link/ }].map(expectTexts))
    expect(project.read('rules')).toBe('.*\n')
  })

  test('a worktree, a submodule, and a project below the top of a repository', async () => {
    await using project = newProject({ '.gitignore': '/.env\n/.*.tmp\n', 'app/secrets.yaml': YAML, 'app/.env': ENV() })
    project.write('app/.env', project.read('app/.env'), 0o600)
    expect((await check(project)).rules).toEqual(['git-ignored app/.env'])
    const below = await check(project, '--config', 'app/secrets.yaml', '--fix')
    expect(below.rules).toEqual([])
    expect(project.read('app/.gitignore')).toBe('.env\n.*.keyturn-*.tmp\n')
    project.git('add', '.')
    project.git('commit', '-q', '-m', 'all')
    project.git('worktree', 'add', '-q', '../tree')
    project.write('../tree/secrets.yaml', YAML)
    project.write('../tree/.env', ENV(), 0o600)
    project.write('../tree/.gitignore', '')
    expect((await check(project, '--config', '../tree/secrets.yaml')).rules).toEqual(['git-ignored .env'])
    project.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', project.dir, 'module')
    project.write('module/.env', ENV(), 0o600)
    project.write('module/.gitignore', '')
    expect((await check(project, '--config', 'module/secrets.yaml')).rules).toEqual(['git-ignored .env'])
  })

  test('without git the .gitignore files are judged, and it says that nobody knows what is tracked', async () => {
    await using project = newProject({ '.gitignore': 'x\n' })
    const env = { PATH: path.dirname(process.execPath) }
    const { stdout, code } = await project.run(['check'], { env })
    expect([code, stdout]).toEqual([
      3,
      expect.stringMatching(/^! \.env: git does not ignore it.*\n.*\n1 finding.*\nNot looked at:\n {2}git: it is not installed/),
    ])
    project.write('.gitignore', '.env\n.*.tmp\n')
    expect((await project.run(['check', '--quiet'], { env })).code).toBe(0)
  })

  test('outside of a repository it says so', async () => {
    await using project = newProject({}, { git: false })
    const { rules, notLookedAt } = await check(project)
    expect([rules, notLookedAt[0]]).toEqual([[], 'git: nothing of this lies in a repository'])
  })

  test.each([':x', '-n', 'a*b', '[x]', '!b', '#c', 'sp ace', 'é\u{1F600}', '"q"'])('an output called %j is found and covered', async (name) => {
    await using project = newProject({ Dockerfile: DOCKERFILE, '.gitignore': '.env\n.*.tmp\n', '.dockerignore': '**/.*\n' })
    project.write('secrets.yaml', YAML.replace('[.env]', JSON.stringify(['.env', `sub/${name}`])))
    project.write(`sub/${name}`, ENV(), 0o600)
    expect((await check(project)).findings.map(({ rule }) => rule)).toEqual(['git-ignored', 'docker-context'])
    expect((await check(project, '--fix')).rules).toEqual([])
    project.git('add', '.')
    expect(
      project
        .git('ls-files', '-z')
        .split('\0')
        .filter((file) => file.startsWith('sub')),
    ).toEqual([])
  })

  test('keys and state in a repository, such as one that keeps a home', async () => {
    await using project = newProject({ '.gitignore': '.*\n' })
    for (const kind of ['config', 'state']) mkdirSync(path.join(project.home, kind, 'keyturn', ID), { recursive: true, mode: 0o700 })
    writeFileSync(path.join(project.home, 'config/keyturn', ID, 'identity.txt'), 'AGE-SECRET-KEY-CANARY', { mode: 0o600 })
    project.git('init', '-q', project.home)
    project.git('-C', project.home, 'add', '-f', 'config')
    const { findings } = await check(project, '--fix')
    expect(findings.map(({ rule }) => rule)).toEqual(['git-tracked', 'git-ignored', 'git-ignored'])
    expect(findings[1]?.hint).toMatch(/^add \/config\/keyturn\/kt_guards01 to .*home\/\.gitignore$/)
    expect(project.exists('../home/.gitignore')).toBe(false)
  })
})

describe('build contexts', () => {
  const COMPOSE = [
    'services:',
    '  short: { build: . }',
    '  long: { build: { context: api, dockerfile: ../docker/api.Dockerfile, additional_contexts: { shared: ./shared } } }',
    '  listed: { build: { context: api, additional_contexts: ["more=./more"], dockerfile_inline: "FROM scratch" } }',
    '  remote: { build: "https://example.org/x.git" }',
    '  image: { image: redis }',
    '  varies: { build: "\u0024{WHERE:-web}" }',
    '  unknown: { build: "\u0024{WHERE}" }',
    'include: [inner/compose.yaml]',
    '',
  ].join('\n')

  test('of compose files, in their long and short forms, with what they take in', async () => {
    const env = Object.fromEntries(['api', 'shared', 'more', 'web', 'inner', 'inner/sub', 'unrelated'].map((folder) => [`${folder}/.env`, ENV()]))
    await using project = newProject(
      { ...env, 'compose.yaml': COMPOSE, 'docker/api.Dockerfile': DOCKERFILE, 'inner/compose.yaml': 'services: { a: { build: ./sub } }\n' },
      { git: false },
    )
    for (const file of Object.keys(env)) project.write(file, project.read(file), 0o600)
    const { findings, notLookedAt } = await check(project)
    const places = findings.map(({ file, message }) => `${file} ${/context (\S+)/.exec(message)?.[1]}`)
    for (const folder of ['api', 'shared', 'more', 'web', 'inner/sub']) expect(places).toContain(`${folder}/.env ${folder}`)
    expect(places).toContain('unrelated/.env ./')
    expect(notLookedAt).toContain('compose.yaml: services.unknown.build depends on a variable: \u0024{WHERE}')
    expect((await check(project, '--fix')).rules).toEqual([])
    for (const folder of ['api', 'shared', 'more', 'web', 'inner/sub']) expect(project.read(`${folder}/.dockerignore`)).toBe('**/.env\n**/.*.keyturn-*.tmp\n')
  })

  test('of Dockerfiles that no compose file names: their folder, and that of the inventory', async () => {
    await using project = newProject(
      { 'api/api.Dockerfile': DOCKERFILE, 'api/.env': ENV(), 'api/Dockerfile.dockerignore': '', 'node_modules/x/Dockerfile': DOCKERFILE },
      { git: false },
    )
    const { findings } = await check(project)
    expect(findings.filter(({ rule }) => rule === 'docker-context').map(({ file, message }) => [file, /context (\S+ \(.*?\))/.exec(message)?.[1]])).toEqual([
      ['api/.env', 'api (api/api.Dockerfile)'],
      ['.env', './ (api/api.Dockerfile)'],
      ['api/.env', './ (api/api.Dockerfile)'],
    ])
  })

  test('rules beside a Dockerfile count alone, also when they are empty', async () => {
    await using project = newProject({ Dockerfile: DOCKERFILE, '.dockerignore': '**\n', 'Dockerfile.dockerignore': '' }, { git: false })
    expect((await check(project)).findings).toMatchObject(
      [{ rule: 'docker-context', message: /Dockerfile\.dockerignore does not exclude it/ }].map(expectTexts),
    )
    expect((await check(project, '--fix')).rules).toEqual([])
    expect([project.read('.dockerignore'), project.read('Dockerfile.dockerignore')]).toEqual(['**\n', '**/.env\n**/.*.keyturn-*.tmp\n'])
  })

  test('above the project: found, and not changed without a repository', async () => {
    await using project = newProject({ 'docker-compose.yml': 'services: { a: { build: .. } }\n' }, { git: false })
    const { findings } = await check(project, '--fix')
    expect(findings.filter(({ file }) => file === '.env')).toMatchObject(
      [{ rule: 'docker-context', hint: /^printf '%s\\n' '\*\*\/\.env' >> .*\.dockerignore$/ }].map(expectTexts),
    )
    expect(project.exists('../.dockerignore')).toBe(false)
  })

  test('rules that Docker refuses are named, and left to a person', async () => {
    await using project = newProject({ Dockerfile: DOCKERFILE, '.dockerignore': '**/.env\n[\n' }, { git: false })
    expect((await check(project, '--fix')).findings).toMatchObject([{ rule: 'docker-rules', file: '.dockerignore', message: /"\["/ }].map(expectTexts))
    expect(project.read('.dockerignore')).toBe('**/.env\n[\n')
  })
})

describe('modes, owners and links', () => {
  test('what others may read is narrowed by --fix, but for what the inventory grants', async () => {
    await using project = newProject({}, { git: false })
    project.write('secrets.yaml', YAML.replace('[.env]', '[{ file: .env, perm: "0640" }]'))
    chmodSync(project.path('.env'), 0o640)
    const keys = path.join(project.home, 'config/keyturn', ID)
    mkdirSync(keys, { recursive: true, mode: 0o755 })
    writeFileSync(path.join(keys, 'identity.txt'), 'AGE-SECRET-KEY-CANARY', { mode: 0o644 })
    writeFileSync(path.join(keys, 'signing.pem'), 'CANARY', { mode: 0o640 })
    for (const [name, mode] of [
      ['identity.txt', 0o644],
      ['signing.pem', 0o640],
      ['.', 0o755],
    ] as const)
      chmodSync(path.join(keys, name), mode)
    const { findings } = await check(project)
    expect(findings.map(({ rule, file, hint }) => `${rule} ${path.basename(file)} ${hint.split(' ')[1]}`)).toEqual([
      'file-mode identity.txt 600',
      `file-mode ${ID} 700`,
      'file-mode signing.pem 600',
    ])
    expect((await check(project, '--fix')).rules).toEqual([])
  })

  test('a link into a folder that others may write to is found, one into a private folder is not', async () => {
    await using project = newProject({}, { git: false })
    project.write('real/.env', project.read('.env'), 0o600)
    project.write('secrets.yaml', YAML.replace('[.env]', '[linked.env]'))
    symlinkSync('real/.env', project.path('linked.env'))
    expect((await check(project)).findings.filter(({ rule }) => rule === 'file-link')).toEqual([])
    chmodSync(project.path('real'), 0o777)
    expect((await check(project)).findings.filter(({ rule }) => rule === 'file-link')).toMatchObject([
      { message: expect.stringContaining('others may write into that folder') },
    ])
  })

  test.skipIf(process.getuid?.() !== 0)('a file of another user is found', async () => {
    await using project = newProject({}, { git: false })
    lchownSync(project.path('.env'), 12_345, 12_345)
    expect((await check(project, '--fix')).findings).toMatchObject([{ rule: 'file-owner', message: /user id 12345/, hint: /^sudo chown / }].map(expectTexts))
  })
})

test('annotations for a workflow name the file that is to change', async () => {
  await using project = newProject({ Dockerfile: DOCKERFILE, '.dockerignore': 'x\n' }, { git: false })
  const { stdout, code } = await project.run(['check', '--format', 'github'])
  expect([code, stdout]).toEqual([
    3,
    '::error file=.dockerignore,title=docker-context::.env: it is in the build context ./ (Dockerfile): .dockerignore does not exclude it%0Asecrets check --fix\n',
  ])
  expect(await project.run(['check', '--format', 'github', '--json'])).toMatchObject({ code: 2 })
})

describe.skipIf(await programMissing('git'))('other commands', () => {
  test('doctor says in one line that there is something to find', async () => {
    await using c = await newCase()
    c.project.git('init', '-q')
    expect((await c.json(['doctor'])).document.findings).toContainEqual({
      ...{ severity: 'warning', code: 'GUARDS', hint: 'secrets check' },
      message: expect.stringMatching(/^git, images or others could take what holds values: \d findings$/),
    })
  })

  test('sync says it of a file that it has made, and of no other', async () => {
    await using c = await newCase()
    c.project.git('init', '-q')
    rmSync(c.project.path('.env'))
    const made = await c.run(['sync'])
    expect(made.stderr).toContain('secrets: warning: .env is new, and the guards have a finding about it\nsecrets: hint: secrets check\n')
    expect((await c.run(['sync'])).stderr).not.toContain('guards')
  })
})

/** Regular expressions in what is expected, as matchers. */
function expectTexts(found: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(found).map(([key, value]) => [key, value instanceof RegExp ? expect.stringMatching(value) : value]))
}
