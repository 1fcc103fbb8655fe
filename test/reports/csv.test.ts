import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { reportCsv } from '../../src/reports/csv.ts'
import { AWKWARD, anyText, awkwardStatus, estate, printable } from './estate.ts'

const HEADER =
  'project,environment,secret,state,variables,owner,rotator,store,version,fingerprint,made_at,age_days,age_source,max_age_days,due_at,rules,finding,next,rotation_since,rotation_waits_for,files_written,files,consumers_proven,consumers,at'

/** As RFC 4180 has it: fields may be quoted, a quote in them is doubled, and a line break in them is text. */
function parse(text: string): readonly (readonly string[])[] {
  const rows: string[][] = []
  let row: string[] = []
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy
  for (let found = field.exec(text); found; found = field.exec(text)) {
    row.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? '')
    if (found[3] !== ',') {
      rows.push(row)
      row = []
    }
    if (field.lastIndex === text.length) return rows
  }
  throw new Error(`no CSV from here: ${JSON.stringify(text.slice(0, 200))}`)
}

const cells = (text: string) => {
  const [header = [], ...rows] = parse(text)
  return rows.map((row) => Object.fromEntries(header.map((name, i) => [name, row[i] ?? ''])))
}

describe('the CSV', () => {
  it('has the documented header, one line a secret, and times that programs read', async () => {
    const status = await estate(60)
    const text = [...reportCsv(status)].join('')
    expect(text.split('\r\n', 1)[0]).toBe(HEADER)
    const rows = cells(text)
    expect(rows.map((row) => row.secret)).toEqual(status.rows.map(({ secret }) => secret.name))
    expect(rows.map((row) => row.state)).toEqual(status.rows.map(({ state }) => state))
    for (const row of rows) for (const name of ['made_at', 'due_at', 'at']) expect(row[name]).toMatch(/^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)?$/)
    expect(rows.find((row) => row.version === '')).toMatchObject({ made_at: '', age_days: '', age_source: '', fingerprint: '' })
    expect(rows.some((row) => row.rotation_waits_for === 'grace' || row.rotation_waits_for === 'nothing')).toBe(true)
  })

  it('lets no text become a formula, and changes no other', async () => {
    const status = await awkwardStatus()
    const rows = cells([...reportCsv(status)].join(''))
    const names = rows.map((row) => row.secret)
    for (const word of AWKWARD) {
      const clean = printable(word)
      expect(names).toContain(/^\s*[=+\-@]/.test(word) ? `'${clean}` : clean)
    }
    expect(names.filter((name) => /^\s*[=+\-@]/.test(name ?? ''))).toEqual([])
  })

  it('is read back as what it was, for any text', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, async (word) => {
        const [row] = cells([...reportCsv(await awkwardStatus([word]))].join(''))
        const clean = printable(word)
        expect([clean, `'${clean}`]).toContain(row?.owner)
        expect(row?.owner).not.toMatch(/^[\s]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r]/)
      }),
      { numRuns: 200 },
    )
  })
})
