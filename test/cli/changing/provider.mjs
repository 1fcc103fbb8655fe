// A provider of minted keys, for the rotator `command`. Keys lie in provider.json: { id: { value, label, ended } }.
// Knobs are files beside it: `fail-VERB` holds the answer to give instead, `hold-VERB` keeps the verb waiting while it is there,
// `show-environment` makes it write down what it was started with.
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'

const { verb, token, with: settings, version, id, fields: names, given } = JSON.parse(await text(process.stdin))
const base = settings.at
const at = (name) => `${base}/${name}`
const readKeys = () => (existsSync(at('provider.json')) ? JSON.parse(readFileSync(at('provider.json'), 'utf8')) : {})
function writeKeys(keys) {
  writeFileSync(at('provider.json.new'), JSON.stringify(keys))
  renameSync(at('provider.json.new'), at('provider.json'))
}

const answers = {
  create() {
    const keys = readKeys()
    const made = `key-${Object.keys(keys).length + 1}`
    const value = given?.[names[0]] ?? `canary-${randomBytes(24).toString('hex')}`
    writeKeys({ ...keys, [made]: { value, label: token, ended: false } })
    return { ok: true, fields: { [names[0]]: value }, id: made }
  },
  set() {
    const value = Object.values(version.fields)[0]
    const keys = readKeys()
    if (!Object.values(keys).some((key) => key.value === value)) {
      writeKeys({ ...keys, [`key-${Object.keys(keys).length + 1}`]: { value, label: '', ended: false } })
    }
    return { ok: true }
  },
  test() {
    const value = Object.values(version.fields)[0]
    return Object.values(readKeys()).some((key) => key.value === value && !key.ended) ? { ok: true } : { rejected: true }
  },
  revoke() {
    const keys = readKeys()
    const value = version && Object.values(version.fields)[0]
    const found = id ?? Object.keys(keys).find((one) => keys[one].value === value)
    if (keys[found]) writeKeys({ ...keys, [found]: { ...keys[found], ended: true } })
    return { ok: true }
  },
  orphans() {
    const keys = readKeys()
    return { ok: true, ids: Object.keys(keys).filter((one) => keys[one].label === token && !keys[one].ended) }
  },
}

while (existsSync(at(`hold-${verb}`))) {
  writeFileSync(at(`held-${verb}`), '')
  await wait(20)
}
if (existsSync(at('show-environment')))
  writeFileSync(
    at('environment'),
    Object.entries(process.env)
      .map((pair) => pair.join('='))
      .join('\n'),
  )
const failure = at(`fail-${verb}`)
process.stdout.write(existsSync(failure) ? readFileSync(failure, 'utf8') : JSON.stringify(answers[verb]()))
