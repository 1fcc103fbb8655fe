import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Status } from '../../src/reports/build.ts'
import { buildStatus, STATES } from '../../src/reports/build.ts'
import { reportHtml } from '../../src/reports/html/page.ts'
import { inventoryOf, NOW } from '../policy/states.ts'
import { AWKWARD, anyText, awkwardStatus, estate, printable } from './estate.ts'

const page = (status: Status): string => [...reportHtml(status)].join('')
const tagsOf = (html: string): readonly string[] => (html.replace(/<style>[^<]*<\/style>/, '').match(/<[^>]*>/g) ?? []).map((tag) => tag.trim())
const body = (html: string): string => html.slice(html.indexOf('<body'))
/** What a person sees: the text of the page. */
const seen = (html: string): string =>
  body(html)
    .replace(/<[^>]*>/g, '')
    .replace(/&(lt|gt|quot|#39|amp);/g, (_, name: string) => ({ lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' })[name] ?? '')

/** Everything that the page may consist of. */
const ELEMENTS = new Set(
  'html head meta title style body main p h1 h2 time svg defs symbol path pattern rect line text g use ul li a b span div dl dt dd section small table colgroup col thead tbody tr th td i code bdi details summary footer'.split(
    ' ',
  ),
)

describe('the page', () => {
  it('needs nothing from anywhere, runs no script, and forbids both itself', async () => {
    const html = page(await estate(60))
    const tags = tagsOf(html)
    expect([...new Set(tags.map((tag) => /^<\/?([a-z0-9!]+)/.exec(tag)?.[1]))].filter((name) => name !== '!doctype' && !ELEMENTS.has(name ?? ''))).toEqual([])
    const attributes = tags.flatMap((tag) => tag.match(/[\w-]+(?==")/g) ?? [])
    expect(attributes.filter((name) => /^(on|src|style$|action|srcset|data$)/.test(name))).toEqual([])
    // Only places within the page.
    for (const [, address] of html.matchAll(/ href="([^"]*)"/g)) expect(address).toMatch(/^#/)
    expect(html).not.toMatch(/url\((?!#)|@import|https?:/)
    const style = /<style>([^<]*)<\/style>/.exec(html)?.[1] ?? ''
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? ''
    expect(policy).toBe(`default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'`)
  })

  it('shows a headline, a figure for every state, the lists worst first, the age and the next 90 days', async () => {
    const status = await estate(60)
    const html = page(status)
    expect(html).toMatch(/<h1>\d+ of 60 secrets need you<\/h1>/)
    expect(html).toContain('<time datetime="2026-11-21T18:00:00.000Z">')
    const places = STATES.filter((state) => status.rows.some((row) => row.state === state)).map((state) => html.indexOf(`<section id="${state}">`))
    expect(places.length).toBeGreaterThanOrEqual(4)
    expect(places).toEqual([...places].sort((a, b) => a - b))
    expect(places).not.toContain(-1)
    for (const row of status.rows) expect(html).toContain(row.secret.name)
    for (const target of [...html.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id)) expect(html).toContain(`id="${target}"`)
    // Each drawing has words for those who do not see it.
    for (const [drawing] of html.matchAll(/<svg[^>]*role="img"[^>]*>(?:<title[^>]*>[^<]+<\/title>)?/g)) expect(drawing).toMatch(/aria-label="[^"]+"|<title/)
    expect(html.match(/<svg class="chart"/g)).toHaveLength(2)
  })

  it('counts each secret with a known age once in the drawing of ages, and each date once in that of the weeks', async () => {
    const status = await estate(300)
    const [ages = '', weeks = ''] = page(status).match(/<svg class="chart".*?<\/svg>/gs) ?? []
    const sum = (drawing: string) => [...drawing.matchAll(/<text class="n"[^>]*>([\d,]+)</g)].reduce((total, [, n]) => total + Number(n?.replace(',', '')), 0)
    const aged = status.rows.filter(({ secret, bornAt, version }) => secret.rotator.kind !== 'none' && version !== null && bornAt !== null)
    expect(sum(ages)).toBe(aged.length)
    const due = aged.map(({ bornAt, secret }) => (bornAt ?? 0) + secret.policy.maxAgeMs - secret.policy.rotateBeforeMs)
    expect(sum(weeks)).toBe(due.filter((at) => at > NOW).length)
  })

  it('takes names, owners, reasons and messages as text, whatever is in them', async () => {
    const html = page(await awkwardStatus())
    const harmless = page(await awkwardStatus(AWKWARD.map((_, i) => `word${i}`)))
    expect(new Set(tagsOf(html.replaceAll(/<\/?bdi>/g, '')))).toEqual(new Set(tagsOf(harmless)))
    const text = seen(html)
    for (const word of AWKWARD) expect(text).toContain(printable(word).replaceAll('\u202e', '\ufffd'))
    // No sign that turns what comes after it, and what runs from the right is kept apart.
    expect(html).not.toMatch(/[\u202a-\u202e\u2066-\u2069]|(?!\n|\t|\r)\p{Cc}/u)
    expect(html).toContain('<bdi>مفتاح سري</bdi>')
  })

  it('has the same tags for any names at all', async () => {
    const shape = (html: string) => tagsOf(html.replaceAll(/<\/?bdi>/g, ''))
    const harmless = shape(page(await awkwardStatus(['a', 'b', 'c'])))
    await fc.assert(
      fc.asyncProperty(fc.array(anyText, { minLength: 3, maxLength: 3 }), async (words) => {
        const ours = shape(page(await awkwardStatus(words)))
        expect(ours.filter((tag) => !harmless.includes(tag))).toEqual([])
      }),
      { numRuns: 50 },
    )
  })

  it('leaves cells without a text empty, so that a phone need not show their titles', async () => {
    const html = page(await awkwardStatus(['a', 'b', 'c']))
    expect(html).toContain('<td></tr>')
    expect(html).not.toMatch(/<td>\s+<|<td>\n/)
  })

  it('of nothing at all is a page too, and says what to do', async () => {
    const html = page(await buildStatus({ inventory: inventoryOf([]), states: [], now: NOW }))
    expect(html).toContain('<h1>No secret is declared yet</h1>')
    expect(html).toContain('secrets set NAME')
    expect(html).not.toContain('<table')
  })

  it('folds long lists, and prints whole what is short enough for paper', async () => {
    const [short, long] = [page(await estate(60)), page(await estate(2_000))]
    expect(short).toContain('<body class="whole">')
    expect(long).toContain('<body>')
    expect(long).toMatch(/<summary>Show all 1,\d{3}<\/summary>/)
    expect(long).toContain('what is folded is not printed unless it is opened first')
    expect(long.match(/<th scope="row">secret-\d+(?:<span class="vars">SECRET[^<]*<\/span>)?(?:<span>[^<]*<\/span>)?<td>(?!max-age)/g)).toHaveLength(2_000)
  })

  it('of 10,000 secrets is smaller than 3 MB, and comes in pieces', async () => {
    let bytes = 0
    let largest = 0
    for (const piece of reportHtml(await estate(10_000))) {
      bytes += Buffer.byteLength(piece)
      largest = Math.max(largest, piece.length)
    }
    expect(bytes).toBeLessThan(3_000_000)
    expect(largest).toBeLessThan(20_000)
  })
})
