import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { Sensitive } from '../../src/sensitive.ts'
import { type Identity, newIdentity, readIdentities, recipientOf, verifyIdentities, writeIdentity } from '../../src/stores/identity.ts'
import { findAge } from '../servers/age.ts'
import { manualClock } from '../support/clock.ts'
import { isMissing } from '../support/missing.ts'
import { seededRandom } from '../support/random.ts'
import { temporaryFolder } from './local-fixture.ts'

const age = await findAge()
const write = (identity: Identity, file: string, passphrase?: string) =>
  writeIdentity(identity, { file, clock: manualClock(), random: seededRandom(file), ...(passphrase ? { passphrase: new Sensitive(passphrase) } : {}) })

describe('an identity file', () => {
  it('is read back, belongs to its owner alone and looks like one of age-keygen', async () => {
    const file = path.join(temporaryFolder(), 'config', 'identity.txt')
    const identity = await newIdentity()
    await write(identity, file)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readFileSync(file, 'utf8')).toBe(`# created: 2026-01-05T09:00:00.000Z\n# public key: ${identity.recipient}\n${identity.identity.reveal()}\n`)
    const [read, ...more] = await readIdentities({ file })
    expect(more).toEqual([])
    expect(read?.reveal()).toBe(identity.identity.reveal())
    expect(await recipientOf(read as Sensitive<string>)).toBe(identity.recipient)
  })

  it('is never overwritten', async () => {
    const file = path.join(temporaryFolder(), 'identity.txt')
    const first = await newIdentity()
    await write(first, file)
    await expect(write(await newIdentity(), file)).rejects.toMatchObject({ code: 'FILE_UNWRITABLE', retryable: false })
    expect((await readIdentities({ file }))[0]?.reveal()).toBe(first.identity.reveal())
  })

  it.each([0o640, 0o604, 0o644, 0o660])('of mode %o is refused with the chmod that mends it', async (mode) => {
    const file = path.join(temporaryFolder(), 'identity.txt')
    await write(await newIdentity(), file)
    chmodSync(file, mode)
    await expect(readIdentities({ file })).rejects.toMatchObject({ code: 'STATE_INSECURE', hint: `chmod 600 ${file}` })
  })

  it.skipIf(isMissing('a file of another user', process.getuid?.() === 0 ? null : 'only root may give files away'))(
    'of another user is refused, unless they called sudo',
    async () => {
      const file = path.join(temporaryFolder(), 'identity.txt')
      await write(await newIdentity(), file)
      chownSync(file, 4242, 4242)
      await expect(readIdentities({ file })).rejects.toMatchObject({ code: 'STATE_INSECURE' })
      expect(await readIdentities({ file, owner: { uid: 4242, gid: 4242 } })).toHaveLength(1)
    },
  )

  it('may hold several keys', async () => {
    const file = path.join(temporaryFolder(), 'identity.txt')
    const [a, b] = [await newIdentity(), await newIdentity()]
    writeFileSync(file, `# one\r\n${a.identity.reveal()}\r\n\n  \n# two\n${b.identity.reveal()}`, { mode: 0o600 })
    const read = await readIdentities({ file })
    expect(await verifyIdentities(read, [b.recipient])).toEqual([
      { recipient: a.recipient, listed: false },
      { recipient: b.recipient, listed: true },
    ])
  })

  it.each([
    ['missing', null, 'IDENTITY_MISSING'],
    ['empty', '', 'IDENTITY_WRONG'],
    ['only comments', '# nothing\n', 'IDENTITY_WRONG'],
    ['no key', 'AGE-SECRET-KEY-1CANARYNONSENSE\n', 'IDENTITY_WRONG'],
    ['a recipient', 'age1qqqq\n', 'IDENTITY_WRONG'],
    ['huge', 'x'.repeat(300_000), 'FILE_UNREADABLE'],
  ])('that is %s is refused without being quoted', async (_, text, code) => {
    const file = path.join(temporaryFolder(), 'identity.txt')
    if (text !== null) writeFileSync(file, text, { mode: 0o600 })
    const error = await readIdentities({ file }).catch((error: Error) => error)
    expect(error).toMatchObject({ code })
    expect((error as Error).message).toContain(file)
    expect((error as Error).message).not.toContain('CANARY')
  })

  it('with a passphrase asks for it, and says when it is the wrong one or nobody can be asked', async () => {
    const file = path.join(temporaryFolder(), 'identity.txt')
    const identity = await newIdentity()
    await write(identity, file, 'canary-passphrase')
    expect(readFileSync(file, 'utf8')).not.toContain('AGE-SECRET-KEY')
    const asked: string[] = []
    const passphrase = async (of: string) => {
      asked.push(of)
      return new Sensitive(asked.length === 1 ? 'canary-passphrase' : 'canary-wrong')
    }
    expect((await readIdentities({ file, passphrase }))[0]?.reveal()).toBe(identity.identity.reveal())
    await expect(readIdentities({ file, passphrase })).rejects.toMatchObject({ code: 'IDENTITY_WRONG' })
    await expect(readIdentities({ file })).rejects.toMatchObject({ code: 'IDENTITY_MISSING' })
    expect(asked).toEqual([file, file])
  })

  it.skipIf(isMissing('the age program', age.reason))('opens what the age program encrypts to it', async () => {
    const folder = temporaryFolder()
    const file = path.join(folder, 'identity.txt')
    const identity = await newIdentity()
    await write(identity, file)
    execFileSync(age.age ?? '', ['-r', identity.recipient, '-o', path.join(folder, 'x.age')], { input: 'canary-hello' })
    expect(execFileSync(age.age ?? '', ['-d', '-i', file, path.join(folder, 'x.age')]).toString()).toBe('canary-hello')
  })
})

it('an identity does not print', async () => {
  const { identity } = await newIdentity()
  expect(`${identity} ${JSON.stringify({ identity })}`).toBe('[sensitive] {"identity":"[sensitive]"}')
})
