/**
 * `npm run demo`: the real commands, one by one, on a copy of examples/voice-agent in a temporary folder with a home of its own.
 * Needs no server and no network. `--asterisk` also rotates the ARI password of a real Asterisk 22, fetched from Debian's packages.
 * `--keep` leaves the folder. Ends with status 1 if any command did not end as it should.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const ROOT = path.join(import.meta.dirname, '..')
const flags = new Set(process.argv.slice(2))
const base = mkdtempSync(path.join(tmpdir(), 'keyturn-demo-'))
const project = path.join(base, 'voice-agent')
const home = path.join(base, 'home')
const env = {
  PATH: `${path.dirname(process.execPath)}:${process.env.PATH}`,
  HOME: home,
  XDG_STATE_HOME: path.join(home, 'state'),
  XDG_CONFIG_HOME: path.join(home, 'config'),
  XDG_CACHE_HOME: path.join(home, 'cache'),
  LANG: 'C.UTF-8',
  ...(process.stdout.isTTY && !process.env.NO_COLOR ? {} : { NO_COLOR: '1' }),
}

const bold = (text: string): string => (process.stdout.isTTY ? `\u001b[1m${text}\u001b[0m` : text)
const tell = (text: string): void => void process.stdout.write(`\n${bold(`# ${text}`)}\n`)

/** Shows a command and runs it for real. */
function secrets(line: string, options: { readonly input?: string; readonly status?: number; readonly shown?: string } = {}): void {
  process.stdout.write(`\n${bold(`$ secrets ${options.shown ?? line}`)}\n`)
  const args = line.match(/"[^"]*"|\S+/g)?.map((arg) => arg.replaceAll('"', '')) ?? []
  const { status } = spawnSync(process.execPath, [path.join(ROOT, 'bin/secrets.cjs'), ...args], {
    cwd: project,
    env,
    input: options.input,
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'inherit', 'inherit'],
  })
  if (status !== (options.status ?? 0)) throw new Error(`"secrets ${line}" ended with ${status}, not with ${options.status ?? 0}`)
}

function shell(line: string): void {
  const { status } = spawnSync('sh', ['-c', line], { cwd: project, env, stdio: 'inherit' })
  if (status !== 0) throw new Error(`"${line}" ended with ${status}`)
}

/** Which lines of .env are new, by number and name: a value is never shown. */
function changedLines(before: string, after: string): readonly string[] {
  const old = before.split('\n')
  return after.split('\n').flatMap((line, i) => (line === old[i] ? [] : [`  line ${i + 1}: ${line.split('=')[0]}`]))
}

/** As the engine reads it. */
function valueInEnv(name: string): string {
  return spawnSync('sh', ['-c', `. ./.env; printf %s "$${name}"`], { cwd: project, env, encoding: 'utf8' }).stdout
}

async function demo(): Promise<void> {
  cpSync(path.join(ROOT, 'examples/voice-agent'), project, { recursive: true })
  renameSync(path.join(project, 'dot-env'), path.join(project, '.env'))
  // As such files are: last touched months ago.
  const touched = Date.now() / 1_000 - 143 * 86_400
  utimesSync(path.join(project, '.env'), touched, touched)
  if (spawnSync('git', ['--version']).status === 0) shell('git init -q .')
  tell(
    `A voice agent's Compose project, in ${project}. Its .env has ${readFileSync(path.join(project, '.env'), 'utf8').split('\n').length - 1} lines; the comments are its manual.`,
  )
  const original = readFileSync(path.join(project, '.env'), 'utf8')

  tell('1. Read the .env: what is a secret, what is a setting, what must never be rotated. It stays byte for byte as it is.')
  secrets(`init .env --yes --recovery-key-file ${path.join(base, 'recovery-key.txt')}`, { shown: 'init .env --yes --recovery-key-file ../recovery-key.txt' })
  if (readFileSync(path.join(project, '.env'), 'utf8') !== original) throw new Error('init changed .env')

  tell('2. How old, how strong? (A file tells only how old a value is at least.)')
  secrets('status')

  tell('3. What would a rotation do? init found in docker-compose.yml who reads .env: those services would be recreated.')
  secrets('rotate --dry-run jwt')

  tell('4. There are no containers in this demo: its engine is a plain process. So say how that is restarted, and how it can prove what it runs with.')
  const inventory = path.join(project, 'secrets.yaml')
  const consumer =
    '    consumers:\n      - { kind: exec, refresh: [sh, ops/restart-engine.sh], prove: { command: [sh, ops/engine-environment.sh], format: environ } }\n'
  const proposed = readFileSync(inventory, 'utf8')
  const changed = proposed.replace(/^ {4}consumers:\n(?: {6}- \{ kind: compose, .*\n)+/m, consumer)
  if (changed === proposed) throw new Error('init proposed no services of docker-compose.yml')
  writeFileSync(inventory, changed)
  process.stdout.write(`secrets.yaml, below "file: .env":\n${consumer}`)
  shell('sh ops/restart-engine.sh')

  tell('5. Rotate two secrets: created, stored, written to .env, the engine restarted, and its own environment read as the proof.')
  secrets('rotate jwt local-ws')
  const rotated = readFileSync(path.join(project, '.env'), 'utf8')
  process.stdout.write(`\n.env now differs in these lines, and in nothing else:\n${changedLines(original, rotated).join('\n')}\n`)
  secrets('sync --check')

  tell('6. A key from a provider without an API for it is guided. The value comes from a prompt or a pipe, never from an argument.')
  secrets('set DEEPGRAM_API_KEY --force', { input: 'example-only-deepgram-the-new-one-4411aa', shown: 'set DEEPGRAM_API_KEY --force < new-key.txt' })
  secrets('status deepgram')

  if (flags.has('--asterisk')) await asterisk()
  else tell('(npm run demo -- --asterisk also changes the ARI password of a real Asterisk.)')

  tell('7. Go back, while the old value still works.')
  secrets('rollback local-ws')

  tell('8. What happened, and is the record intact?')
  secrets('history jwt')
  secrets('history --verify')

  tell('9. A report for others; with --fail-on overdue it is a CI job.')
  secrets('report --format markdown')

  tell('Done. On your own project, type:')
  process.stdout.write(
    '  secrets init .env          reads it, changes nothing in it\n  secrets status             what is overdue, weak, published\n  secrets rotate --dry-run NAME\n',
  )
}

async function asterisk(): Promise<void> {
  const { demoAsterisk } = await import('./demo-asterisk.ts')
  tell('A real Asterisk 22 with the ari.conf of the project. One user: the gap is the reload.')
  await using server = await demoAsterisk(path.join(project, 'asterisk/ari.conf'))
  const inventory = path.join(project, 'secrets.yaml')
  const params = `{ kind: asterisk-ari, url: "${server.url}", config: ${JSON.stringify(server.ariConf)}, reload: { cli: ${JSON.stringify(server.cliCommand)} } }`
  writeFileSync(inventory, readFileSync(inventory, 'utf8').replace(/rotator: \{ kind: asterisk-ari.*$/m, `rotator: ${params}`))
  const logIn = async (whose: string, password: string) =>
    void process.stdout.write(`\nA fresh login as agent with ${whose}: ${await server.login('agent', password)}\n`)
  await logIn('the password from the manual', 'asterisk')
  secrets('rotate ari')
  await logIn('the password from the manual', 'asterisk')
  await logIn('what .env says now', valueInEnv('ASTERISK_ARI_PASSWORD'))
  process.stdout.write('\nari.conf now, without the passwords:\n')
  process.stdout.write(`${readFileSync(server.ariConf, 'utf8').replace(/(password = )[^\s;]+/g, '$1********')}\n`)
  secrets('status ari')
}

// Ctrl-C ends the command that runs; then this ends with an error and takes its folder away.
process.on('SIGINT', () => {})

try {
  await demo()
} catch (error) {
  process.stderr.write(`\ndemo: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
} finally {
  const pid = path.join(project, 'engine.pid')
  if (existsSync(pid)) spawnSync('kill', [readFileSync(pid, 'utf8').trim()])
  if (flags.has('--keep')) process.stdout.write(`\nkept: ${base}\n`)
  else rmSync(base, { recursive: true, force: true })
}
