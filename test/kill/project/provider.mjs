// A provider that lives in a file, as a program for the rotator `command`. It keeps two kinds of account: one mints keys, of which
// two may live at a time and each carries the token it was made under; one has a password that it is told. It notes whatever
// a provider's customer would be called about.
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { text } from 'node:stream/consumers'

const { verb, token, with: settings, version, id, given } = JSON.parse(await text(process.stdin))
const { account } = settings
const field = settings.field
const LIMIT = 2

const db = new DatabaseSync('provider.db', { timeout: 10_000 })
db.exec(`
  CREATE TABLE IF NOT EXISTS keys (id TEXT PRIMARY KEY, account TEXT, value TEXT, label TEXT, ended INTEGER DEFAULT 0);
  CREATE TABLE IF NOT EXISTS passwords (account TEXT PRIMARY KEY, value TEXT, locked INTEGER DEFAULT 0);
  CREATE TABLE IF NOT EXISTS complaints (what TEXT);
`)
const complain = (what) => db.prepare('INSERT INTO complaints VALUES (?)').run(what)
const live = () => db.prepare('SELECT * FROM keys WHERE account = ? AND ended = 0').all(account)
const password = () => db.prepare('SELECT * FROM passwords WHERE account = ?').get(account)
const runsWith = (value) => existsSync('running.env') && readFileSync('running.env', 'utf8').includes(value)

const minting = {
  create() {
    if (live().length >= LIMIT) return { config: true, message: `${LIMIT} keys are alive` }
    const made = { id: `key-${randomBytes(6).toString('hex')}`, value: given?.[field] ?? `canary-${randomBytes(18).toString('hex')}` }
    db.prepare('INSERT INTO keys (id, account, value, label) VALUES (?, ?, ?, ?)').run(made.id, account, made.value, token)
    return { ok: true, fields: { [field]: made.value }, id: made.id }
  },
  test: () => (live().some((key) => key.value === version.fields[field]) ? { ok: true } : { rejected: true }),
  revoke() {
    const key = live().find((one) => one.id === id)
    if (key && runsWith(key.value)) complain(`${account}: ${id} was ended while a consumer ran with it`)
    db.prepare('UPDATE keys SET ended = 1 WHERE id = ?').run(id)
    return { ok: true }
  },
  orphans: () => ({ ok: true, ids: live().flatMap((key) => (key.label === token ? [key.id] : [])) }),
}

const setting = {
  set() {
    db.prepare('INSERT INTO passwords (account, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value').run(account, version.fields[field])
    return { ok: true }
  },
  test: () => (password()?.value === version.fields[field] && !password().locked ? { ok: true } : { rejected: true }),
  revoke() {
    if (password()?.value === version.fields[field]) {
      complain(`${account}: was locked`)
      db.prepare('UPDATE passwords SET locked = 1 WHERE account = ?').run(account)
    }
    return { ok: true }
  },
}

db.exec('BEGIN IMMEDIATE')
const answer = (settings.kind === 'minting' ? minting : setting)[verb]()
db.exec('COMMIT')
process.stdout.write(JSON.stringify(answer))
