import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { toolMissing, toolProgram } from '../servers/tools.ts'
import { canary } from '../support/canary.ts'
import { programFile } from '../support/program.ts'
import { makeProject, type Project } from '../support/project.ts'

/** A project with two environments, and the program under its own name in a folder that stands in PATH. */
async function projectWithNames(): Promise<Project> {
  const project = makeProject({ '.env': `OPENAI_API_KEY=${canary()}\nJWT_SECRET=${canary()}\n` })
  await project.run(['init', '--yes', '.env'])
  project.write('secrets.staging.yaml', project.read('secrets.yaml').replace(/^id: .*/m, 'id: kt_zzzzzzzz'))
  project.write('with blank.txt', '')
  project.write('bin/secrets', `#!/bin/sh\nexec '${process.execPath}' '${programFile()}' "$@"\n`, 0o755)
  return project
}

const settings = (project: Project) => ({
  cwd: project.dir,
  env: { ...project.env, PATH: `${project.path('bin')}:${project.env.PATH}` },
  encoding: 'utf8' as const,
  stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'],
})

test('candidates come with what they are; files and programs are left to the shell', async () => {
  await using project = await projectWithNames()
  const found = async (...words: string[]) => (await project.run(['completion', 'bash', '--', ...words])).stdout
  expect(await found('rotate', 'op')).toBe('openai\tOPENAI_API_KEY\n')
  expect(await found('rotate', 'OP')).toBe('OPENAI_API_KEY\topenai\n')
  expect(await found('-e', '')).toBe('production\tenvironment\nstaging\tenvironment\n')
  expect(await found('report', '--output', '')).toBe(':files\n')
  expect(JSON.parse((await project.run(['completion', 'bash', '--json', '--', 'rotate', 'op'])).stdout)).toEqual({
    schema: 'keyturn/completion@1',
    shell: 'bash',
    candidates: [{ word: 'openai', text: 'OPENAI_API_KEY' }],
  })
})

test('outside of a project, and with a broken inventory, there are no names and no complaint', async () => {
  await using project = makeProject()
  const nothing = { stdout: '', stderr: '', code: 0 }
  expect(await project.run(['completion', 'bash', '--', 'rotate', 'o'])).toMatchObject(nothing)
  project.write('secrets.yaml', 'id: [\n')
  expect(await project.run(['completion', 'bash', '--', 'rotate', 'o'])).toMatchObject(nothing)
  expect(await project.run(['completion', 'bash', '--', '-e', 'zz'])).toMatchObject(nothing)
  expect(await project.run(['completion', 'tcsh'])).toMatchObject({ code: 2, stderr: expect.stringContaining('there is no completion for "tcsh"') })
})

test('a later Tab reads the cache of the inventory, and neither store nor ledger', async () => {
  await using project = await projectWithNames()
  await project.run(['status'])
  const names = async () => (await project.run(['completion', 'zsh', '--', 'rotate', ''])).stdout.split('\n').length - 1
  expect(await names()).toBe(2)
  // Without any state of the project it is the same.
  project.write('remove.sh', 'rm -rf "$XDG_STATE_HOME"')
  execFileSync('sh', ['remove.sh'], settings(project))
  expect(await names()).toBe(2)
})

describe('in bash', () => {
  /** What bash makes of a line when Tab is pressed at its end, by its own rules for cutting words. */
  const tab = (project: Project, words: readonly string[]): readonly string[] => {
    const script = `source <(secrets completion bash); complete -p secrets keyturn >/dev/null || exit 9
      COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _secrets secrets "\${COMP_WORDS[COMP_CWORD]}"; printf '%s\\n' "\${COMPREPLY[@]}"`
    return execFileSync('bash', ['--norc', '-c', script, 'bash', 'secrets', ...words], settings(project))
      .split('\n')
      .filter(Boolean)
  }

  test('commands, options, values, names, files and programs are offered', async () => {
    await using project = await projectWithNames()
    expect(tab(project, ['rot'])).toEqual(['rotate'])
    expect(tab(project, ['rotate', '--dr'])).toEqual(['--dry-run'])
    expect(tab(project, ['rotate', ''])).toEqual(expect.arrayContaining(['jwt', 'openai']))
    expect(tab(project, ['report', '--format', 'm'])).toEqual(['markdown'])
    // As bash hands them over: cut at "=".
    expect(tab(project, ['report', '--format', '='])).toEqual(['table', 'markdown', 'html', 'csv', 'json'])
    expect(tab(project, ['report', '--format', '=', 'ht'])).toEqual(['html'])
    expect(tab(project, ['report', '--output', '=', 'with'])).toEqual(['with blank.txt'])
    expect(tab(project, ['-e', 's'])).toEqual(['staging'])
    expect(tab(project, ['init', 'with'])).toEqual(['with blank.txt'])
    expect(tab(project, ['run', '--', 'bas'])).toContain('bash')
    expect(tab(project, ['no-such-command', ''])).toEqual([])
  })
})

/** Ctrl-T presses Tab and tells what the line is then. */
const SHOW = `shown() { zle complete-word; print -r -- "<$BUFFER>" > $HOME/shown; zle kill-whole-line }
zle -N shown
bindkey '^T' shown
print REA''DY
`

/** A zsh on a terminal of its own, into which lines are typed. */
const DRIVE = `zmodload zsh/zpty zsh/zselect
zpty z $1 -f -i
zpty -w z "source $HOME/setup.zsh"
zpty -r -m z out '*READY*'
for line in 'secrets rot' 'secrets rotate op' 'secrets rotate OP' 'secrets report --format=ht' 'secrets -e stag' 'secrets init with' 'secrets rotate --comp'; do
  rm -f $HOME/shown
  zpty -w -n z "$line"$'\\x14'
  until [[ -s $HOME/shown ]]; do zpty -r -t z out; zselect -t 2; done
  cat $HOME/shown
done
zpty -d z
`

describe.skipIf(await toolMissing('zsh'))('in zsh', () => {
  test('a typed word is completed, by the script as a source and as a file in fpath', async () => {
    await using project = await projectWithNames()
    const { program, root } = toolProgram('zsh')
    for (const load of ['source <(secrets completion zsh)', 'secrets completion zsh > $HOME/_secrets; fpath=($HOME $fpath); compinit -u -D']) {
      // What was unpacked looks for its parts where it would have been installed.
      const parts = root === '' ? '' : `module_path=(${root}/usr/lib/*/zsh/$ZSH_VERSION(N)); fpath=(${root}/usr/share/zsh/functions/*(N/) $fpath)\n`
      writeFileSync(path.join(project.home, 'setup.zsh'), `${parts}autoload -Uz compinit; compinit -u -D\n${load}\n${SHOW}`)
      project.write('drive.zsh', `${parts}${DRIVE}`)
      const said = execFileSync(program, ['-f', 'drive.zsh', program], { ...settings(project), timeout: 60_000 })
      expect(said.split('\n').filter((line) => line.startsWith('<'))).toEqual([
        '<secrets rotate >',
        '<secrets rotate openai >',
        '<secrets rotate OPENAI_API_KEY >',
        '<secrets report --format=html >',
        '<secrets -e staging >',
        '<secrets init with\\ blank.txt >',
        '<secrets rotate --compromised >',
      ])
    }
  })
})

describe.skipIf(await toolMissing('fish'))('in fish', () => {
  test('candidates are offered with what they are', async () => {
    await using project = await projectWithNames()
    const { program } = toolProgram('fish')
    const tab = (line: string) =>
      execFileSync(program, ['--no-config', '-c', `secrets completion fish | source; complete -C '${line}'`], settings(project))
        .split('\n')
        .filter(Boolean)
    expect(tab('secrets rot')).toEqual(['rotate\treplace secrets without an outage'])
    expect(tab('secrets rotate op')).toEqual(['openai\tOPENAI_API_KEY'])
    expect(tab('secrets report --format=h')).toEqual(['--format=html'])
    expect(tab('secrets -e s')).toEqual(['staging\tenvironment'])
    expect(tab('secrets report --output secrets.s')[0]).toMatch(/^secrets\.staging\.yaml/)
    expect(tab('secrets report --output=secrets.s')[0]).toMatch(/^--output=secrets\.staging\.yaml/)
  })
})
