import * as z from 'zod'
import { requireSecret } from './check-secrets.ts'
import type { Checked } from './checks.ts'
import { asProblems, label } from './issues.ts'
import { nearest } from './nearest.ts'
import { fieldsOf, longForm, rotatorOf } from './resolve.ts'
import type { Path } from './tree.ts'

/** Kinds against what this build has, and their parameters against the schema that the kind brings. */
export function checkKinds(checked: Checked): void {
  const { raw, kinds } = checked
  for (const [name, written] of Object.entries(raw.secrets ?? {})) {
    const secret = longForm(written)
    if (secret.rotator === undefined) continue
    const { ref } = rotatorOf(secret)
    const path: Path = ['secrets', name, 'rotator']
    checkParams(checked, 'rotator', kinds.rotators, ref.kind, ref.params, path, typeof secret.rotator === 'string' ? path : [...path, 'kind'], [
      'kind',
      'admin',
    ])
  }
  for (const [name, store] of Object.entries(raw.stores ?? {})) {
    const { kind, ...params } = store
    const path: Path = ['stores', name]
    if (kind !== 'local') checkParams(checked, 'store', kinds.stores, kind, params, path, [...path, 'kind'], ['kind'])
    else for (const key of Object.keys(params)) checked.report([...path, key], 'key', `${label(path)}: unknown key "${key}"`, 'a local store has only its kind')
  }
  for (const [index, output] of (raw.outputs ?? []).entries()) {
    if (typeof output === 'string') continue
    for (const [number, consumer] of (output.consumers ?? []).entries()) {
      const { kind, name: _name, unproven: _unproven, timeout: _timeout, probation: _probation, ...params } = consumer
      const path: Path = ['outputs', index, 'consumers', number]
      checkParams(checked, 'consumer', kinds.consumers, kind, params, path, [...path, 'kind'], ['kind', 'name', 'unproven', 'timeout', 'probation'])
      if (typeof params.bearer === 'string') checkBearer(checked, [...path, 'bearer'], params.bearer)
    }
  }
  const ledger = raw.ledger?.kind
  if (ledger !== undefined && kinds.ledgers && !kinds.ledgers.includes(ledger)) unknownKind(checked, 'ledger', ledger, kinds.ledgers, ['ledger', 'kind'])
}

/** A secret, or one field of it: `health-token`, `db.password`. */
function checkBearer(checked: Checked, path: Path, bearer: string): void {
  const dot = bearer.lastIndexOf('.')
  const name = dot > 0 && !checked.declared.has(bearer) ? bearer.slice(0, dot) : bearer
  requireSecret(checked, path, name)
  const secret = checked.raw.secrets?.[name]
  if (name === bearer || secret === undefined || checked.faulty.has(name)) return
  const fields = fieldsOf(longForm(secret))
  if (!fields.includes(bearer.slice(dot + 1)))
    checked.report(path, 'value', `${label(path)}: the secret ${name} has no field "${bearer.slice(dot + 1)}"`, `it has ${fields.join(', ')}`)
}

type Brought = ReadonlyMap<string, { readonly params: z.ZodType }>

function checkParams(checked: Checked, what: string, known: Brought, kind: string, params: object, path: Path, kindPath: Path, ours: readonly string[]): void {
  const spec = known.get(kind)
  if (!spec) {
    unknownKind(checked, what, kind, [...known.keys()], kindPath)
    return
  }
  const schema = strict(spec.params)
  const result = schema.safeParse(params)
  if (result.success) return
  // Ours are known too: a misspelled "admin" must not only be compared with the parameters.
  const withOurs = schema instanceof z.ZodObject ? schema.extend(Object.fromEntries(ours.map((key) => [key, z.unknown()]))) : schema
  checked.add(asProblems(result.error.issues, withOurs, checked.root, path))
}

/** A schema that lets unknown keys pass would let a misspelled parameter pass. */
function strict(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodObject && schema.def.catchall === undefined ? (schema.strict() as z.ZodType) : schema
}

function unknownKind(checked: Checked, what: string, kind: string, known: readonly string[], path: Path): void {
  const meant = nearest(kind, known)
  checked.report(
    path,
    'value',
    `${label(path.at(-1) === 'kind' ? path.slice(0, -1) : path)}: this Keyturn has no ${what} "${kind}"`,
    meant ? `did you mean "${meant}"?` : `there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}`,
  )
}
