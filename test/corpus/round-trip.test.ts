import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { availableReaders } from '../outputs/readers/available.ts'
import type { Reader } from '../outputs/readers/readers.ts'
import { roundTrip } from './round-trip.ts'

/** A file of each odd kind, all invented. `npm run test:corpus -- DIR` sends the `.env` files of a folder on the same way. */

const PEM = '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADAN\nBgkqhkiG9w0B\n-----END PRIVATE KEY-----'

const ODD: readonly (readonly [kind: string, text: string])[] = [
  ['quotes of both kinds, escapes and comments', `A_TOKEN="canary-a \\"b\\" \\\\ c" # said\nB_SECRET='canary-$b "c" #d'\nC=plain # comment\n`],
  ['a private key over several lines', `X=1\nSIGNING_KEY="${PEM}"\nY=2\n`],
  ['carriage returns, a byte order mark and no last line end', '\uFEFF# top\r\nDB_USER=otto\r\nDB_PASSWORD="canary-crlf x"\r\n\r\nTZ=UTC'],
  ['names that are given twice', 'API_KEY=canary-first\nMODE=a\nAPI_KEY=canary-second\n'],
  [
    'references to secrets and settings',
    'DB_USER=otto\nDB_PASSWORD=canary-Zq3vT8yLk2Pw\nDATABASE_URL="postgres://${DB_USER}:${DB_PASSWORD}@db/${DB_NAME:-app}"\nPOSTGRES_PASSWORD=$DB_PASSWORD\n',
  ],
  [
    'an address with a password that another variable holds',
    'DB_USER=otto\nDB_PASSWORD=canary-Zq3vT8yLk2Pw\nDATABASE_URL=postgres://otto:canary-Zq3vT8yLk2Pw@db:5432/app?x={y}\n',
  ],
  [
    'empty values and placeholders',
    'OPENAI_API_KEY=\nSTRIPE_SECRET_KEY=sk_test_xxx\nDEEPGRAM_API_KEY=your_key_here\nREDIS_PASSWORD=null\nMAIL_PASSWORD=changeme\n',
  ],
  ['hashes of passwords', "ADMIN_HASH='$2b$12$pP9rLmyCTvd99IR5AVO2gwGStftveD5r7GqJ4'\nUSERS=otto:$$apr1$$salt$$hash\n"],
  ['export, indentation, odd blanks and a line of no sense', 'export A_TOKEN=canary-e\n   B_KEY = canary-f   \nlonely_word\nC=1  \n'],
  ['values of other scripts and marks', 'NAME=Käse & Kraut (für alle)\nMAIL_PASSWORD=canary-pässwörd-🔑\nEMPTY=""\n'],
  ['a systemd file', '; by hand\nLANTERN_TOKEN=canary-g # no comment\nLANTERN_NAME="deep \\"sea\\""\n'],
  ['a shell file', "set -a\nexport PIP_TOKEN=\"canary-h\"\nHERE=$(pwd)\nPLAIN_PASSWORD='canary-it'\"'\"'s'\n"],
  ['a quote that is never closed', 'FIRST=1\nMOTTO="it never ends\nKITE_SECRET=canary-i\nLAST=4\n'],
]

let readers: readonly Reader[] = []
beforeAll(async () => {
  readers = await availableReaders()
})

describe('init, sync, run and eject give back', () => {
  test.each(ODD)('%s', async (_, text) => {
    const trip = await roundTrip(Buffer.from(text), readers)
    expect(trip.complaints).toEqual([])
    expect(trip.variables).toBeGreaterThan(0)
  })
})

const corpus = process.env.KEYTURN_CORPUS ?? ''
const files = corpus === '' ? [] : readdirSync(corpus).filter((name) => name.endsWith('.env'))
describe.runIf(files.length > 0)('the same with each file of a folder', () => {
  test.each(files)('%s', { timeout: 120_000 }, async (name) => {
    const started = performance.now()
    const { complaints, variables, dialect, reader } = await roundTrip(readFileSync(path.join(corpus, name)), readers)
    process.stdout.write(`${name}: ${variables} variables, ${dialect} as ${reader} reads it, ${((performance.now() - started) / 1000).toFixed(1)} s\n`)
    expect(complaints).toEqual([])
  })
})
