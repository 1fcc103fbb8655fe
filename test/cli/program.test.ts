import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { canary } from '../support/canary.ts'
import { programFile, startCommand } from '../support/program.ts'
import { makeProject, type Project } from '../support/project.ts'

/** A project with a strong secret, a weak one, and one that only a person can change. */
async function imported(): Promise<Project> {
  const project = makeProject({ '.env': `# settings\nLOG_LEVEL=info\nJWT_SECRET=${canary()}\nDB_PASSWORD=changeme\nOPENAI_API_KEY=sk-${canary(40)}\n` })
  const { code, stderr } = await project.run(['init', '--yes', '.env'])
  expect({ code, stderr: stderr.includes('error') }).toEqual({ code: 0, stderr: false })
  return project
}

describe('the program', () => {
  it('outside of a project says how to start, and that is no failure', async () => {
    await using project = makeProject()
    expect(await project.run([])).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('Start with: secrets init .env') })
    expect(await project.run(['-e', 'staging'])).toMatchObject({ code: 2, stdout: '' })
    expect(await project.run(['status'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^secrets: error: .*\nsecrets: hint: Start with "secrets init .env"/),
    })
  })

  it('names the command that was probably meant', async () => {
    await using project = makeProject()
    expect(await project.run(['sttus'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'secrets: error: there is no command "sttus"\nsecrets: hint: did you mean "secrets status"?\n',
    })
  })

  it('answers a wrong command line in JSON where JSON was asked for', async () => {
    await using project = makeProject()
    const { code, stdout } = await project.run(['rotate', '--frobnicate', '--json'])
    expect(code).toBe(2)
    expect(JSON.parse(stdout)).toMatchObject({ schema: 'keyturn/error@1', code: 'USAGE', message: 'unknown option --frobnicate' })
  })

  it('says honestly what this version has not', async () => {
    await using project = makeProject()
    for (const name of ['timer', 'worker', 'jobs', 'serve']) {
      expect(await project.run([name, '--whatever', 'x'])).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining(`"secrets ${name}" is not in this version yet`),
      })
    }
  })

  it('prints help to stdout, for itself and for a command', async () => {
    await using project = makeProject()
    for (const args of [['--help'], ['help'], ['-h']])
      expect(await project.run(args)).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('Go back: secrets rollback NAME') })
    for (const args of [
      ['rotate', '--help'],
      ['help', 'rotate'],
    ])
      expect(await project.run(args)).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('secrets rotate ari') })
  })

  it('prints a schema that editors can use', async () => {
    await using project = makeProject()
    const { stdout, code } = await project.run(['schema'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ title: 'Keyturn inventory', type: 'object' })
  })

  it('does not mind when its reader goes away', async () => {
    await using project = makeProject()
    const { code, stdout, stderr } = await startCommand(
      ['bash', '-c', `set -o pipefail; "${process.execPath}" "${programFile()}" schema | head -n 1`],
      'schema | head',
      {
        cwd: project.dir,
        env: project.env,
      },
    ).done
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '{\n', stderr: '' })
  })

  it('stops at Ctrl-C with 130 and puts the terminal back', async () => {
    await using project = await imported()
    const running = project.start(['set', 'JWT_SECRET'], { terminal: true })
    await running.until('Value of')
    running.stdin.write('\u0003')
    const { code, stdout } = await running.done
    expect(code).toBe(130)
    expect(stdout).toContain('secrets: error: interrupted')
  })

  it('says in one sentence that its folder is gone', async () => {
    await using project = makeProject()
    const script = `mkdir gone && cd gone && rmdir ../gone && "${process.execPath}" "${programFile()}" status`
    const { code, stderr } = await startCommand(['bash', '-c', script], 'status in a folder that is gone', { cwd: project.dir, env: project.env }).done
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'secrets: error: the folder that this runs in cannot be read (ENOENT)\nsecrets: hint: cd to a folder that is there\n',
    })
  })
})

describe('looking', () => {
  it('shows where you stand in three lines', async () => {
    await using project = await imported()
    const { stdout, code } = await project.run([])
    expect(code).toBe(0)
    expect(stdout.trimEnd().split('\n')).toHaveLength(3)
    expect(stdout).toMatch(/^project, production: \d secrets, \d need(s)? you\nWorst: .*\nNext: secrets /)
  })

  it('shows every secret without a single value, as a table and as JSON', async () => {
    await using project = await imported()
    const table = await project.run(['status'])
    expect(table).toMatchObject({ code: 0, stdout: expect.stringMatching(/! violation {2}\S+ .*(published default|placeholder)/) })
    const json = JSON.parse((await project.run(['status', '--json'])).stdout)
    expect(json).toMatchObject({ schema: 'keyturn/status@1', project: 'project', environment: 'production' })
    expect(json.summary.total).toBe(json.secrets.length)
    expect(json.secrets[0]).toMatchObject({ state: 'violation', fingerprint: expect.stringMatching(/^hmac:/) })
  })

  it('takes names of secrets and of variables, and refuses others with the nearest', async () => {
    await using project = await imported()
    expect((await project.run(['status', 'DB_PASSWORD'])).stdout).toContain('(published-default)')
    expect(await project.run(['status', 'DB_PASWORD'])).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean DB_PASSWORD?') })
  })

  it('shows another time', async () => {
    await using project = await imported()
    const { stdout } = await project.run(['status', '--at', '2099-01-01', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ at: '2099-01-01T00:00:00.000Z', summary: { ok: 0 } })
    for (const wrong of ['tomorrow', '2027-02-30', '2027-13-01', '27-1-1', ''])
      expect(await project.run(['status', `--at=${wrong}`])).toMatchObject({ code: 2 })
  })

  it('writes a report for its owner alone, or not at all', async () => {
    await using project = await imported()
    expect(await project.run(['report', '--format', 'markdown', '--output', 'report.md'])).toMatchObject({ code: 0, stdout: 'Written: report.md\n' })
    expect(project.mode('report.md')).toBe(0o600)
    expect(project.read('report.md')).toContain('## Secrets')
    writeFileSync(path.join(project.dir, 'a-file'), '')
    expect(await project.run(['report', '--output', 'a-file/report.md'])).toMatchObject({ code: 1, stderr: expect.stringContaining('a-file') })
    expect(project.list().filter((name) => name.includes('tmp'))).toEqual([])
  })

  it('fails a report only for the state that was named, or a worse one', async () => {
    await using project = await imported()
    expect(await project.run(['report', '--fail-on', 'violation'])).toMatchObject({ code: 3 })
    expect(await project.run(['report', '--fail-on', 'due', '--json'])).toMatchObject({ code: 3, stdout: expect.stringContaining('keyturn/report@1') })
    expect(await project.run(['report', '--quiet'])).toMatchObject({ code: 0, stderr: '' })
    expect(await project.run(['report', '--json', '--format', 'markdown'])).toMatchObject({ code: 2 })
  })

  it('tells what happened, proves that nothing was changed, and notices a cut-off end', async () => {
    await using project = await imported()
    expect((await project.run(['history'])).stdout).toContain('found a current value: hmac:')
    const name = JSON.parse((await project.run(['status', 'JWT_SECRET', '--json'])).stdout).secrets[0].name
    expect((await project.run(['history', name])).stdout.trimEnd().split('\n')).toHaveLength(1)
    const exported = JSON.parse((await project.run(['history', '--json'])).stdout)
    expect(exported).toMatchObject({ schema: 'keyturn/history@1', events: expect.arrayContaining([expect.objectContaining({ seq: 1 })]) })
    const head = (await project.run(['history', '--head'])).stdout.trim()
    expect(head).toMatch(/^keyturn-head-v1 kt_/)
    expect(await project.run(['history', '--verify', head])).toMatchObject({ code: 0, stdout: expect.stringContaining('The head matches.') })
    expect(await project.run(['history', '--verify', head.replace(/ \d+ /, ' 999 ')])).toMatchObject({ code: 1, stderr: expect.stringContaining('signature') })
    expect(await project.run(['history', '--verify', 'nonsense'])).toMatchObject({ code: 2 })
    expect(await project.run(['history', '--verify', '--head'])).toMatchObject({ code: 2 })
  })
})
