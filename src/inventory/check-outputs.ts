import { resolve } from 'node:path'
import { requireSecret } from './check-secrets.ts'
import type { Checked } from './checks.ts'
import { label } from './issues.ts'
import { nearest } from './nearest.ts'
import { fieldsOf, longForm, variablesOf } from './resolve.ts'
import type { RawOutput } from './schema.ts'
import { parseTemplate } from './template.ts'
import type { Path } from './tree.ts'

/** Filters of templates: how the value is written at its place. */

/** Outputs against each other and against the secrets they hold. */
export function checkOutputs(checked: Checked): void {
  const taken = new Map<string, string>()
  for (const [index, written] of (checked.raw.outputs ?? []).entries()) {
    const output: RawOutput = typeof written === 'string' ? { file: written } : written
    const path: Path = ['outputs', index]
    const filePath: Path = typeof written === 'string' ? path : [...path, 'file']
    checkFile(checked, output, filePath, taken)
    if (output.perm !== undefined) checkPerm(checked, Number.parseInt(output.perm, 8), [...path, 'perm'])
    for (const [number, name] of (output.only ?? []).entries()) requireSecret(checked, [...path, 'only', number], name)
    checkVars(checked, output, path)
    checkConsumerNames(checked, output, path)
  }
}

function checkFile(checked: Checked, output: RawOutput, path: Path, taken: Map<string, string>): void {
  const target = resolve(checked.around.dir, output.file)
  const fault = fileFault(checked, output, target)
  if (fault) {
    checked.report(path, 'value', `${label(path)}: ${fault[0]}`, fault[1])
    return
  }
  const key = `${output.host ?? checked.around.host}\0${target}`
  if (taken.has(key))
    checked.report(path, 'value', `${label(path)}: ${output.file} is listed twice`, 'one file is one output: put its consumers and variables together')
  else taken.set(key, output.file)
}

function fileFault(checked: Checked, output: RawOutput, target: string): readonly [message: string, hint: string] | null {
  const whole = 'write the whole path, or one relative to the folder of this file'
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must not be in a file name.
  if (/[\u0000-\u001f\u007f]/.test(output.file)) return ['the file name holds a control character', 'write the name in one line']
  if (output.file.startsWith('~')) return ['"~" is not expanded here', whole]
  if (output.file.includes('$')) return ['variables are not expanded in file names', whole]
  if (target === checked.around.dir || (output.file.endsWith('/') && output.dialect !== 'files')) {
    return ['this is a folder', 'name a file, or use "dialect: files" for one file per secret']
  }
  if (checked.files.includes(target)) return ['this is the inventory itself', 'name the file that your program reads, such as .env']
  return null
}

function checkPerm(checked: Checked, perm: number, path: Path): void {
  if ((perm & 0o007) !== 0)
    checked.report(
      path,
      'value',
      `${label(path)}: every user of the machine could read or change this file`,
      'use "0600", or "0640" with a group that may read it',
    )
  else if ((perm & 0o400) === 0) checked.report(path, 'value', `${label(path)}: its owner could not read this file`, 'use "0600"')
}

function checkVars(checked: Checked, output: RawOutput, path: Path): void {
  const secrets = Object.entries(checked.raw.secrets ?? {}).map(([name, written]) => [name, longForm(written)] as const)
  const managed = new Map(
    secrets
      .filter(([name]) => !output.only || output.only.includes(name))
      .flatMap(([name, secret]) => Object.keys(variablesOf(secret)).map((variable) => [variable, name] as const)),
  )
  const fields = new Map(secrets.map(([name, secret]) => [name, fieldsOf(secret)] as const))
  for (const [variable, template] of Object.entries(output.vars ?? {})) {
    const at: Path = [...path, 'vars', variable]
    const holder = managed.get(variable)
    if (holder !== undefined) checked.report(at, 'key', `${label(at)}: is a variable of the secret ${holder} already`, 'give the template another name')
    const { parts, problems } = parseTemplate(template)
    const references = parts.filter((part) => typeof part !== 'string')
    const [fault] = problems
    if (fault) checked.report(at, 'value', `${label(at)}: ${fault.message}`, 'for example "postgres://{db.username|url}:{db.password|url}@127.0.0.1/app"')
    else if (references.length === 0) checked.report(at, 'value', `${label(at)}: refers to no secret`, 'a plain setting belongs into the file itself')
    for (const { secret, field } of references) {
      if (!checked.declared.has(secret)) requireSecret(checked, at, secret)
      else checkReference(checked, at, { secret, field }, fields.get(secret))
    }
  }
}

function checkReference(checked: Checked, at: Path, reference: { secret: string; field: string }, fields: readonly string[] | undefined): void {
  const { secret, field } = reference
  // A secret whose own shape is wrong is reported for that.
  if (fields && !checked.faulty.has(secret) && !fields.includes(field)) {
    const meant = nearest(field, fields)
    checked.report(
      at,
      'value',
      `${label(at)}: the secret ${secret} has no field "${field}"`,
      meant ? `did you mean "${secret}.${meant}"?` : `it has ${fields.join(', ')}`,
    )
  }
}

function checkConsumerNames(checked: Checked, output: RawOutput, path: Path): void {
  const names = new Map<string, number>()
  for (const [number, consumer] of (output.consumers ?? []).entries()) {
    if (consumer.name === undefined) continue
    const other = names.get(consumer.name)
    if (other !== undefined)
      checked.report(
        [...path, 'consumers', number, 'name'],
        'value',
        `${label(path)}: two consumers are named ${consumer.name}`,
        'give one of them another name',
      )
    else names.set(consumer.name, number)
  }
}
