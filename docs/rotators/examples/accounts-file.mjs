#!/usr/bin/env node
// A complete program for the rotator `command`: the "provider" is a JSON file that maps key ids to keys.
// Try it by hand:
//   echo '{"keyturn":"rotator@1","verb":"orphans","token":"t1","with":{"file":"keys.json"}}' | node accounts-file.mjs
import { randomBytes } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'

const question = JSON.parse(await text(process.stdin))
const { verb, token, with: settings, version, id } = question
const file = settings.file

/** { "key-1": { "value": "...", "label": "<token>" } } */
function readKeys() {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return {}
    throw error
  }
}

function writeKeys(keys) {
  writeFileSync(`${file}.new`, JSON.stringify(keys), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

const answers = {
  // The provider makes the value. It is labelled with the token, so that `orphans` finds it if we die before it is stored.
  create() {
    const keys = readKeys()
    const made = { value: `sk-${randomBytes(24).toString('base64url')}`, label: token }
    const newId = `key-${Object.keys(keys).length + 1}-${randomBytes(3).toString('hex')}`
    writeKeys({ ...keys, [newId]: made })
    return { ok: true, fields: { [question.fields[0]]: made.value }, id: newId }
  },
  // A fresh login. Only "this very credential is wrong" is a rejection; everything else would be { unavailable: true }.
  test() {
    const value = Object.values(version.fields)[0]
    return Object.values(readKeys()).some((key) => key.value === value) ? { ok: true } : { rejected: true }
  },
  // May be repeated: a key that is gone already is fine.
  revoke() {
    const { [id]: _gone, ...rest } = readKeys()
    writeKeys(rest)
    return { ok: true }
  },
  orphans() {
    const ids = Object.entries(readKeys()).filter(([, key]) => key.label === token)
    return { ok: true, ids: ids.map(([key]) => key) }
  },
}

process.stdout.write(JSON.stringify(answers[verb]()))
