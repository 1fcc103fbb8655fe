import type { Checked } from './checks.ts'
import { label } from './issues.ts'
import { nearest } from './nearest.ts'
import { fieldsOf, longForm, pathOf, rotatorOf, variablesOf } from './resolve.ts'
import type { RawSecret } from './schema.ts'
import { nodeAt, type Path, placeOf } from './tree.ts'

/** Secrets against each other: variables, paths, former names, and the secrets and stores that they refer to. */
export function checkSecrets(checked: Checked): void {
  const secrets = Object.entries(checked.raw.secrets ?? {}).map(([name, written]) => [name, longForm(written)] as const)
  checkVariables(checked, secrets)
  const clashing = checkFormerNames(checked, secrets)
  checkPaths(
    checked,
    secrets.filter(([name]) => !clashing.has(name)),
  )
  for (const [name, secret] of secrets) checkOne(checked, name, secret)
  const recipients = checked.raw.recipients ?? []
  for (const [index, recipient] of recipients.entries()) {
    const first = recipients.indexOf(recipient)
    if (first < index) checked.report(['recipients', index], 'value', `recipients[${index}]: the same as recipients[${first}]`, 'keep one of the two')
  }
  for (const [index, notice] of (checked.raw.notify ?? []).entries()) {
    if (notice.url_from !== undefined) requireSecret(checked, ['notify', index, 'url_from'], notice.url_from)
  }
}

type Secrets = readonly (readonly [string, RawSecret])[]

function checkVariables(checked: Checked, secrets: Secrets): void {
  const holders = new Map<string, { readonly name: string; readonly path: Path }>()
  for (const [name, secret] of secrets) {
    for (const variable of Object.keys(variablesOf(secret))) {
      const path = pathOfVariable(checked, name, variable)
      const what = typeof secret.env === 'string' ? 'value' : 'key'
      const other = holders.get(variable)
      if (other) {
        const line = placeOf(checked.root, other.path, 'key').line
        checked.report(
          path,
          what,
          `secrets.${name}: the variable ${variable} belongs to ${other.name} already (line ${line})`,
          'one variable holds one secret: take it away from one of the two',
        )
      } else holders.set(variable, { name, path })
      if (checked.declared.has(variable) && variable !== name) {
        checked.report(
          path,
          what,
          `secrets.${name}: the variable ${variable} is also the name of another secret`,
          'rename that secret: commands take either name',
        )
      }
    }
  }
}

// The short form has the variable as the value, the long one below `env`.
function pathOfVariable(checked: Checked, name: string, variable: string): Path {
  if (nodeAt(checked.root, ['secrets', name])?.kind === 'scalar') return ['secrets', name]
  return nodeAt(checked.root, ['secrets', name, 'env'])?.kind === 'scalar' ? ['secrets', name, 'env'] : ['secrets', name, 'env', variable]
}

function checkPaths(checked: Checked, secrets: Secrets): void {
  const where = { project: checked.raw.project ?? 'project', environment: checked.raw.environment ?? checked.around.environment ?? 'production' }
  const taken = new Map<string, string>()
  for (const [name, secret] of secrets) {
    const path = pathOf(name, secret, where)
    for (const field of fieldsOf(secret)) {
      const place = `${secret.store ?? 'main'}\0${path}\0${field}`
      const other = taken.get(place)
      if (other === undefined) taken.set(place, name)
      else {
        const at = ['field', 'path'].find((key) => nodeAt(checked.root, ['secrets', name, key]))
        checked.report(
          at ? ['secrets', name, at] : ['secrets', name],
          at ? 'value' : 'key',
          `secrets.${name}: the field ${field} at ${path} belongs to ${other} already`,
          'give it a field of its own with "field:", or another path',
        )
      }
    }
  }
}

/** Secrets whose former name is taken: they would share path and history. */
function checkFormerNames(checked: Checked, secrets: Secrets): ReadonlySet<string> {
  const clashing = new Set<string>()
  const ids = new Map(secrets.filter(([, secret]) => secret.renamed_from === undefined).map(([name]) => [name, name]))
  for (const [name, secret] of secrets) {
    const former = secret.renamed_from
    if (former === undefined) continue
    const other = ids.get(former)
    if (other === undefined) ids.set(former, name)
    else if (other === name) checked.report(['secrets', name, 'renamed_from'], 'value', `secrets.${name}.renamed_from: is its own name`, 'take the line away')
    else {
      clashing.add(name)
      checked.report(
        ['secrets', name, 'renamed_from'],
        'value',
        other === former
          ? `secrets.${name}.renamed_from: ${former} is declared as a secret of its own, so the two would share one history`
          : `secrets.${name}.renamed_from: ${other} was renamed from ${former} too`,
        'a name that was once used belongs to its history for ever: choose another name for the new secret',
      )
    }
  }
  return clashing
}

function checkOne(checked: Checked, name: string, secret: RawSecret): void {
  const path: Path = ['secrets', name]
  if (secret.field !== undefined && typeof secret.env === 'object') {
    checked.report(
      [...path, 'field'],
      'value',
      `secrets.${name}.field: is for a single variable; here "env" says which field each variable holds`,
      'take "field" away',
    )
  }
  if (typeof secret.env === 'object' && Object.keys(secret.env).length === 0) {
    checked.report([...path, 'env'], 'value', `secrets.${name}.env: is empty`, 'name the variable, or take "env" away for a secret that only Keyturn uses')
  }
  const { ref } = rotatorOf(secret)
  if (ref.kind === 'none' && secret.rotator !== undefined && secret.reason === undefined) {
    checked.report([...path, 'rotator'], 'value', `secrets.${name}: rotator none needs a reason`, 'add why it is never rotated: reason: "encrypts stored data"')
  }
  if (ref.admin !== undefined) {
    if (ref.admin === name)
      checked.report(
        [...path, 'rotator', 'admin'],
        'value',
        `secrets.${name}.rotator.admin: a secret cannot be its own admin`,
        'name the secret that holds the admin credential',
      )
    else requireSecret(checked, [...path, 'rotator', 'admin'], ref.admin)
  }
  const stores = ['main', ...Object.keys(checked.raw.stores ?? {})]
  if (secret.store !== undefined && !stores.includes(secret.store) && !nodeAt(checked.root, ['stores', secret.store])) {
    const meant = nearest(secret.store, stores)
    checked.report(
      [...path, 'store'],
      'value',
      `secrets.${name}.store: there is no store "${secret.store}"`,
      meant ? `did you mean "${meant}"?` : `declare it under "stores:"; there ${stores.length === 1 ? 'is' : 'are'} ${stores.join(', ')}`,
    )
  }
  for (const [index, acceptance] of (secret.accept ?? []).entries()) {
    const rules = checked.kinds.rules
    if (!rules || rules.includes(acceptance.rule)) continue
    const meant = nearest(acceptance.rule, rules)
    checked.report(
      [...path, 'accept', index, 'rule'],
      'value',
      `secrets.${name}.accept[${index}].rule: there is no rule "${acceptance.rule}"`,
      meant ? `did you mean "${meant}"?` : `there are ${rules.join(', ')}`,
    )
  }
}

/** Reports a reference to a secret that is not declared. */
export function requireSecret(checked: Checked, path: Path, name: string): void {
  if (checked.declared.has(name)) return
  const meant = nearest(name, checked.declared)
  checked.report(
    path,
    'value',
    `${label(path)}: there is no secret "${name}"`,
    meant ? `did you mean "${meant}"?` : `declare it under "secrets:", for example "${name}: {}"`,
  )
}
