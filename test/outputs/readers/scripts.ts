import type { Command } from '../../servers/env-readers.ts'
import { type Reader, type Reading, run, splitPairs, withFiles } from './readers.ts'

/** Readers that a short script of their own language calls, for all files in one process. */

const PYTHON = `
import sys, json, dotenv, logging
logging.disable(logging.CRITICAL)
out = []
for i in range(int(sys.argv[1])):
    read = dotenv.dotenv_values(str(i), encoding='utf-8')
    out.append({k: v for k, v in read.items() if v is not None})
sys.stdout.buffer.write(json.dumps(out).encode())
`

/** python-dotenv. */
export const pythonDotenv = (name: string, command: Command): Reader => ({
  name,
  dialect: 'python',
  read: (texts) => withFiles(texts, (cwd) => scripted(command, ['-c', PYTHON, String(texts.length)], cwd)),
})

const RUBY = `
require "json"
require "monitor"
require "dotenv"
ENV.clear
out = Integer(ARGV[0]).times.map do |i|
  begin
    Dotenv::Parser.call(File.open(i.to_s, "rb:bom|utf-8", &:read))
  rescue Dotenv::FormatError
    nil
  end
end
print JSON.generate(out)
`

/** ruby-dotenv: what `Dotenv.load` calls, in every release. */
export const rubyDotenv = (name: string, command: Command): Reader => ({
  name,
  dialect: null,
  read: (texts) => withFiles(texts, (cwd) => scripted(command, ['-e', RUBY, String(texts.length)], cwd)),
})

// As `EnvironmentFile=` is read: the file first, then every assignment that is not valid is dropped (exec_context_load_environment).
const SYSTEMD = `
import sys, json, ctypes
lib = ctypes.CDLL(sys.argv[2])
out = []
for i in range(int(sys.argv[1])):
    strv = ctypes.POINTER(ctypes.c_char_p)()
    if lib.load_env_file(None, str(i).encode(), ctypes.byref(strv)) < 0:
        out.append(None)
        continue
    read = {}
    n = 0
    while strv and strv[n] is not None:
        if lib.env_assignment_is_valid(strv[n]):
            name, _, value = strv[n].decode().partition('=')
            read[name] = value
        n += 1
    out.append(read)
sys.stdout.buffer.write(json.dumps(out).encode())
`

/** systemd's own reader of `EnvironmentFile=`, called in its library. */
export const systemdLibrary = (name: string, python: Command, library: string): Reader => ({
  name,
  dialect: 'systemd',
  read: (texts) => withFiles(texts, (cwd) => scripted(python, ['-c', SYSTEMD, String(texts.length), library], cwd)),
})

const NODE = `
const { parseEnv } = require('node:util'), { readFileSync } = require('node:fs')
const out = []
for (let i = 0; i < Number(process.argv[1]); i++) out.push({ ...parseEnv(readFileSync(String(i), 'utf8')) })
process.stdout.write(JSON.stringify(out))
`

/** `util.parseEnv`, which is what `--env-file` calls. */
export const nodeParseEnv = (name: string, program: string): Reader => ({
  name,
  dialect: 'node',
  read: (texts) => withFiles(texts, (cwd) => JSON.parse(run(program, ['-e', NODE, String(texts.length)], { cwd }).toString()) as Reading[]),
})

const ENV_FILE = 'const { PATH, LC_ALL, ...rest } = process.env; process.stdout.write(JSON.stringify(rest))'

/** `node --env-file`: one process a file. */
export const nodeEnvFile = (name: string, program: string): Reader => ({
  name,
  dialect: 'node',
  read: (texts) => withFiles(texts, (cwd) => texts.map((_, i) => JSON.parse(run(program, [`--env-file=${i}`, '-e', ENV_FILE], { cwd }).toString()) as Reading)),
})

// PWD and _ are the shell's own; a file that fails to be read ends its subshell, with what was set until then.
const SHELL = 'i=0; while [ -e ./$i ]; do ( set -a; . ./$i; exec env -0 ); printf "\\0="; i=$((i+1)); done'
const OWN = new Set(['PATH', 'LC_ALL', 'PWD', 'OLDPWD', 'SHLVL', '_', 'i'])

/** `set -a; . FILE` in a shell. */
export const shell = (program: string, args: readonly string[]): Reader => ({
  name: program,
  dialect: 'shell',
  read: (texts) =>
    withFiles(texts, (cwd) => {
      const all = run(program, [...args, '-c', SHELL], { cwd })
        .toString()
        .split('\0\0=')
        .slice(0, -1)
      return all.map((one) => Object.fromEntries(Object.entries(splitPairs(Buffer.from(`${one}\0`))).filter(([name]) => !OWN.has(name))))
    }),
})

function scripted(command: Command, args: readonly string[], cwd: string): readonly Reading[] {
  return JSON.parse(run(command.program, [...command.args, ...args], { cwd, env: command.env }).toString()) as Reading[]
}
