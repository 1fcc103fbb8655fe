import { describe, expect, test } from 'vitest'
import { newCase } from './changing/case.ts'

/** The consumer of the case, with a health: `sick` decides. Watched for a second, so that three questions fit. */
const watched = (sick: string) =>
  [
    'refresh: [cp, .env, running.env],',
    `refresh: [cp, .env, running.env], health: "if ${sick}; then echo the provider refuses >&2; exit 1; fi", probation: 2s,`,
  ] as const

// The real program waits for seconds of real probation, several times.
describe('a consumer that falls ill', { timeout: 120_000 }, () => {
  test('on the new value makes the rotation go back, which is said with status 1, shown and recorded', async () => {
    await using c = await newCase()
    const [before, text] = [c.env().SLOW_KEY ?? '', c.project.read('.env')]
    c.edit(...watched(`[ -e ../home/baseline ] && ! cmp -s running.env ../home/baseline`))
    c.project.write('../home/baseline', text)
    c.project.write('running.env', text)
    const { code, stdout, stderr } = await c.run(['rotate', 'slow', '--wait', '60s'])
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(
      /slow: went back to version 1: CONSUMER_UNHEALTHY: exec-1 \(\.env\) on \S+ became unhealthy on the new value: .*ended with status 1: the provider refuses; the credential that was made is revoked after the grace\n/,
    )
    expect(stderr).toContain('hint: See what the consumer says; then "secrets rotate NAME".')
    expect(c.env().SLOW_KEY).toBe(before)
    expect(c.project.read('.env')).toBe(text)
    expect(c.running()).toEqual(c.env())
    expect(c.live('slow')).toHaveLength(2) // until the grace is over
    const { stdout: history } = await c.secrets(['history', 'slow'])
    expect(history).toMatch(/goes back to the version before: CONSUMER_UNHEALTHY: exec-1/)
    expect((await c.run(['status', 'slow'])).stdout.replaceAll(/\s+/g, ' ')).toMatch(
      /went back by itself: CONSUMER_UNHEALTHY: exec-1 \(\.env\) on \S+ became unhealthy/,
    )
    // A person who wants the new one dead at once.
    await c.secrets(['revoke', 'slow', '--previous', '--yes'])
    expect(c.live('slow')).toEqual([before])
    const status = await c.run(['status', 'slow'])
    expect(status.stdout).toMatch(/the last rotation was given up \(CONSUMER_UNHEALTHY/)
    expect(await c.secrets(['rotate', '--dry-run'])).toMatchObject({ stdout: expect.not.stringContaining('slow') })
  })

  test('before the delivery already is no reason to go back', async () => {
    await using c = await newCase()
    c.edit(...watched('true'))
    expect((await c.secrets(['rotate', 'slow', '--dry-run'])).stdout.replaceAll(/\s+/g, ' ')).toContain(
      'exec-1: runs cp .env running.env, then proves what it holds; watched for 2s, goes back if it falls ill',
    )
    const { code, stdout } = await c.run(['rotate', 'slow', '--wait', '60s'])
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^slow: delivered and proved; old value valid until /)])
    const { stdout: history } = await c.secrets(['history', '--json'])
    expect(history).toContain('"before":true')
  })
})
