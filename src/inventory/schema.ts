import * as z from 'zod'
import type { Json } from '../terms.ts'
import { DURATION } from './duration.ts'
import { INVENTORY_ID } from './id.ts'

/** The shape of `secrets.yaml`, short and long forms. What depends on several places at once is in `checks.ts`. */

/** Joins a message and its hint: zod carries only one text. */
export const said = (message: string, hint: string): string => `${message}\n${hint}`

/** Names of secrets and stores. They become parts of store paths, stream ids and tags at providers, so they stay plain. */
export const SECRET_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/
/** What every shell and every reader takes as the name of a variable. */
export const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/
const FIELD = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/
const STORE_PATH = /^[A-Za-z0-9_][A-Za-z0-9_.-]*(\/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$/
const KIND = /^[a-z][a-z0-9-]{0,31}$/
const PROJECT = /^[A-Za-z0-9][A-Za-z0-9 _.-]{0,63}$/
const CLOCK_TIME = /^([01]\d|2[0-3]):[0-5]\d$/
const CRON = /^\S+( +\S+){4}$/
/** An age recipient of the X25519 kind: the embedded store encrypts to it. */
const RECIPIENT = /^age1[02-9ac-hj-np-z]{58}$/

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export const DIALECTS = ['compose', 'docker', 'dotenv', 'node', 'python', 'shell', 'systemd', 'json', 'files'] as const

const text = (pattern: RegExp, message: string, hint: string) => z.string().regex(pattern, said(message, hint))
const words = () => z.string().min(1, said('is empty', 'write some text, or take the key away'))

const duration = () => text(DURATION, 'is no duration', 'write a whole number and s, m, h or d: 30m, 12h, 90d')
const secretName = () => text(SECRET_NAME, 'is no name of a secret', 'use a-z, 0-9, ".", "_" and "-", beginning with a letter or digit, at most 64')
const variable = () => text(VARIABLE, 'is no name of a variable', 'use letters, digits and "_", not beginning with a digit; values never stand in this file')
const field = () => text(FIELD, 'is no name of a field', 'use letters, digits, "_" and "-", such as password')
const kind = () => text(KIND, 'is no kind', 'use a-z, 0-9 and "-"')
const json = () => z.unknown() as z.ZodType<Json | undefined>

const policyShape = {
  max_age: duration().optional().describe('No live credential gets older than this. Default 90d.'),
  rotate_before: duration().optional().describe('A rotation opens this long before max_age, so that the overlap ends before it. Default 14d.'),
  grace: duration().optional().describe('Old and new are both accepted for this long after all consumers proved. Default 24h.'),
  ask_after: duration()
    .optional()
    .describe(
      'From the opening until proof, and from the end of grace for revoke; then a person is asked and nothing more is written at the provider. Default 2d.',
    ),
  min_length: z.int().min(1).max(4096).optional().describe('Shorter values are a violation. Default 16.'),
  min_entropy_bits: z.int().min(0).max(1024).optional().describe('Values that are easier to guess are a violation. Default 80.'),
  retain: duration().optional().describe('Revoked values stay in the store this long, encrypted, so that guards can look for them. Default 180d.'),
}
/** The keys of `policy:`, which every secret may override. */
export const POLICY_KEYS = Object.keys(policyShape) as readonly (keyof typeof policyShape)[]

const acceptance = z.strictObject({
  rule: text(/^[a-z][a-z0-9-]*$/, 'is no name of a rule', 'findings in "secrets status NAME" name their rule').describe('The rule that is not applied.'),
  until: z.iso.date(said('is no date', 'write 2027-01-31')).describe('The last day of the exception.'),
  reason: words().describe('Why; it stands in every report.'),
  by: words().describe('Who decided it.'),
})

const rotatorObject = z
  .object({
    kind: kind().describe('The rotator.'),
    admin: secretName().optional().describe('The secret that holds the admin credential.'),
  })
  .catchall(json())

const secretObject = z.strictObject({
  env: z
    .union([variable(), z.record(variable(), field())])
    .optional()
    .describe('The variable that holds it, or a map of variables to fields. Without it only Keyturn uses the secret, such as an admin key.'),
  field: field().optional().describe('The field that the one variable holds. Default: value.'),
  path: text(STORE_PATH, 'is no path in a store', 'use names parted by "/", without "..", such as voice-agent/keys')
    .optional()
    .describe('Where it lies in the store; a path may hold fields of several secrets. Default: <project>/<environment>/<name>.'),
  store: secretName().optional().describe('Name of the store. Default: main.'),
  rotator: z
    .union([kind(), rotatorObject])
    .optional()
    .describe('What replaces it: a kind, or a map with kind and its parameters. Default: found from the name of the variable.'),
  owner: words().optional().describe('Who answers for it.'),
  reason: words().optional().describe('Why it is not rotated; required with rotator none.'),
  accept: z.array(acceptance).optional().describe('Dated exceptions to rules; counted in every report.'),
  renamed_from: secretName().optional().describe('The first name it was declared under: it keeps its history and its place in the store.'),
  ...policyShape,
})

const consumer = z
  .object({
    kind: kind().describe('What is told of a new value.'),
    name: text(KIND, 'is no name of a consumer', 'use a-z, 0-9 and "-"')
      .optional()
      .describe('Names it in the history. Default: its service, container or unit, else kind and a number.'),
    unproven: z
      .enum(['hold', 'grace'])
      .optional()
      .describe('grace: the old value is revoked after the grace although this consumer proved nothing. Default: what the output says.'),
    timeout: duration().optional().describe('For one refresh, one proof or one question for its health. Default 60s.'),
    probation: duration()
      .optional()
      .describe('After a new value it is watched for this long, where its health can be asked: what falls ill makes the rotation go back. Default 60s.'),
  })
  .catchall(json())

const outputObject = z.strictObject({
  file: words().describe('The file, relative to the folder of the inventory. One that is there is merged: only managed values change.'),
  dialect: z.enum(DIALECTS).optional().describe('After the program that reads the file. Default: compose.'),
  perm: text(/^0?[0-7]{3}$/, 'is no file mode', 'write it in quotes: "0600"')
    .optional()
    .describe('Mode of the file, in quotes. Default: "0600".'),
  host: text(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/, 'is no host name', 'write what "hostname" prints there')
    .optional()
    .describe('The machine that the file is on. Default: this one.'),
  only: z.array(secretName()).min(1).optional().describe('The secrets whose variables it holds. Default: all.'),
  vars: z
    .record(variable(), z.string())
    .optional()
    .describe('Further variables made from templates: "postgres://{db.username|url}:{db.password|url}@127.0.0.1/app"; "{jwt.value|both}" lists new and old.'),
  consumers: z.array(consumer).optional().describe('What reads the file: it is refreshed after a change and proves what it holds.'),
  unproven: z
    .enum(['hold', 'grace'])
    .optional()
    .describe('grace: old values are revoked after the grace although nothing that reads this file proved what it holds. Default: hold, a person is asked.'),
})

const output = z.union([words(), outputObject])
const secret = z.union([variable(), secretObject])

const store = z.object({ kind: kind().describe('local, or a server.') }).catchall(json())

const rule = z.strictObject({
  when: z
    .record(variable(), z.union([z.string(), z.array(z.string()).min(1)]))
    .describe('Settings with the condition that each must meet: set, not-loopback, a text, or a list of texts of which it must be one.'),
  require: z.array(variable()).min(1).describe('Variables that must then have a value.'),
})

const schedule = z.strictObject({
  zone: words().optional().describe("Time zone of the window and the times, such as Europe/Vienna. Default: the machine's."),
  sweep: text(CRON, 'is no cron expression', 'five fields: minute hour day month weekday, such as "*/15 * * * *"')
    .optional()
    .describe('How often due secrets are looked for. Default: "*/15 * * * *".'),
  report: text(CRON, 'is no cron expression', 'five fields: minute hour day month weekday, such as "0 8 * * MON"')
    .optional()
    .describe('When a report is sent.'),
  window: z
    .strictObject({
      days: z.array(z.enum(DAYS)).min(1).optional().describe('Days on which it begins. Default: all.'),
      from: text(CLOCK_TIME, 'is no time', 'write it in quotes: "02:00"').describe('When it begins.'),
      to: text(CLOCK_TIME, 'is no time', 'write it in quotes: "05:00"').describe('When it ends; before "from" means on the next day.'),
    })
    .optional()
    .describe('Rotations are opened only in this time.'),
})

const inventory = z.strictObject({
  id: text(INVENTORY_ID, 'is no id of an inventory', 'it is kt_ and at least six of a-z and 0-9, as "secrets init" wrote it').describe(
    'Written by init. Marks streams, tags at providers and the queue for ever: never change it, never use it twice.',
  ),
  extends: z
    .union([words(), z.array(words()).min(1)])
    .optional()
    .describe('Files whose content this one is laid over: maps are merged, lists replaced.'),
  project: text(PROJECT, 'is no name of a project', 'use letters, digits, ".", "_", "-" and blanks').optional().describe("Default: the folder's name."),
  environment: text(/^[a-z0-9][a-z0-9_-]{0,31}$/, 'is no name of an environment', 'use a-z, 0-9, "_" and "-"')
    .optional()
    .describe('Default: production, or the name given with -e.'),
  policy: z.strictObject(policyShape).optional().describe('How young secrets must be and how carefully they are replaced; every secret may override it.'),
  stores: z.record(secretName(), store).optional().describe('Where versions live. Default: main, the local store.'),
  recipients: z
    .array(text(RECIPIENT, 'is no age recipient', 'it begins with age1 and is public; a line with AGE-SECRET-KEY-1 must never stand here'))
    .optional()
    .describe('Every one of them can read the local store.'),
  secrets: z.record(secretName(), secret).optional().describe('The secrets by name: a variable (short form) or a map.'),
  outputs: z.array(output).optional().describe('The files that hold values.'),
  rules: z.array(rule).optional().describe('Checks of your own.'),
  schedule: schedule.optional().describe('When things happen by themselves.'),
  ledger: z
    .strictObject({ kind: z.enum(['sqlite', 'postgres']).describe('sqlite, or postgres for several machines (its URL comes from KEYTURN_LEDGER_URL).') })
    .optional()
    .describe('Where the record is kept. Default: sqlite.'),
  queue: z
    .strictObject({
      url_env: variable().optional().describe('The variable that holds the URL of Redis.'),
      url_file: words().optional().describe('The file that holds it.'),
    })
    .optional()
    .describe('Redis, for the workers.'),
  notify: z
    .array(
      z
        .object({ kind: kind().describe('How they are told, such as slack.'), url_from: secretName().optional().describe('The secret that holds the URL.') })
        .catchall(json()),
    )
    .optional()
    .describe('Who is told.'),
  state: words().optional().describe('The state folder. Default: $XDG_STATE_HOME/keyturn/<id>.'),
})

/** The parts, for those who check one of them alone. */
export const SCHEMAS = { inventory, secret, secretObject, rotatorObject, output, consumer, store } as const

/** What stands in the file once it has the right shape: still in its words and units. */
export type Raw = z.infer<typeof inventory>
export type RawSecret = z.infer<typeof secretObject>
export type RawOutput = z.infer<typeof outputObject>
export type RawConsumer = z.infer<typeof consumer>
export type RawPolicy = Pick<RawSecret, 'max_age' | 'rotate_before' | 'grace' | 'ask_after' | 'min_length' | 'min_entropy_bits' | 'retain'>
