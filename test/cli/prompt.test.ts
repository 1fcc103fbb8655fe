import { PassThrough, Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createPrompts, type Keyboard, type PromptOptions } from '../../cli/prompt.ts'
import { decodeValue, readValue } from '../../cli/stdin.ts'

function terminal(options: Partial<PromptOptions> = {}) {
  const keyboard = Object.assign(new PassThrough(), { isTTY: true, raw: false, setRawMode: (raw: boolean) => Object.assign(keyboard, { raw }) })
  let shown = ''
  const screen = {
    isTTY: true,
    write: (text: string) => {
      shown += text
    },
  }
  const prompts = createPrompts({ keyboard: keyboard as unknown as Keyboard, screen, yes: false, signal: new AbortController().signal, ...options })
  return { keyboard, prompts, type: (text: string | Uint8Array) => keyboard.write(text), shown: () => shown }
}

describe('a prompt', () => {
  it('shows nothing of a hidden value, not even its length', async () => {
    const { prompts, type, shown, keyboard } = terminal()
    const value = prompts.hidden('Value: ', '--file')
    expect(keyboard.raw).toBe(true)
    type('canary-0123456789abc\r')
    expect((await value).reveal()).toBe('canary-0123456789abc')
    expect(shown()).toBe('Value: \n')
    expect(keyboard.raw).toBe(false)
  })

  it('takes a value in any pieces, cut within a character, and corrected', async () => {
    const { prompts, type } = terminal()
    const value = prompts.hidden('', '')
    const bytes = Buffer.from('wrong\u0015schlüX\u007fssel🔑')
    for (const byte of bytes) type(new Uint8Array([byte]))
    type('\n')
    expect((await value).reveal()).toBe('schlüssel🔑')
  })

  it('drops arrow keys and the frame of a paste', async () => {
    const { prompts, type } = terminal()
    const value = prompts.line('', '')
    type('\u001b[200~ab\u001b[201~\u001b[D\u001bOAc\r')
    expect(await value).toBe('abc')
  })

  it('ends with INTERRUPTED at Ctrl-C, at Ctrl-D with nothing typed, and when a signal comes', async () => {
    for (const key of ['\u0003', '\u0004']) {
      const { prompts, type } = terminal()
      const value = prompts.hidden('', '')
      type(key)
      await expect(value).rejects.toMatchObject({ code: 'INTERRUPTED', exitCode: 130 })
    }
    const controller = new AbortController()
    const { prompts, keyboard } = terminal({ signal: controller.signal })
    const value = prompts.hidden('', '')
    controller.abort()
    await expect(value).rejects.toMatchObject({ code: 'INTERRUPTED' })
    expect(keyboard.raw).toBe(false)
  })

  it('refuses an empty value', async () => {
    const { prompts, type } = terminal()
    const value = prompts.hidden('', '')
    type('\r')
    await expect(value).rejects.toMatchObject({ code: 'VALUE_REFUSED' })
  })

  it('asks again until the answer is yes or no; Enter means the default', async () => {
    const { prompts, type, shown } = terminal()
    const first = prompts.confirm('Continue?')
    type('what\r')
    await new Promise(setImmediate)
    type('N\r')
    expect(await first).toBe(false)
    expect(shown().match(/Continue\? \[Y\/n\]/g)).toHaveLength(2)
    const second = prompts.confirm('Continue?', false)
    type('\r')
    expect(await second).toBe(false)
  })

  it('is answered by --yes, but not where something has to be typed', async () => {
    const { prompts, type } = terminal({ yes: true })
    expect(await prompts.confirm('Sure?')).toBe(true)
    const typed = prompts.typed('Name: ', (answer) => answer === 'openai', '--force')
    type('opena\r')
    await expect(typed).rejects.toMatchObject({ code: 'CONFIRMATION_FAILED' })
  })

  it('without a terminal names the option that answers', async () => {
    const { prompts } = terminal({ screen: { write: () => true } })
    await expect(prompts.confirm('Sure?')).rejects.toMatchObject({ code: 'NOT_A_TERMINAL', hint: 'use --yes' })
    await expect(prompts.hidden('Value: ', '--file FILE')).rejects.toMatchObject({ code: 'NOT_A_TERMINAL', hint: 'use --file FILE' })
  })
})

describe('a value from stdin', () => {
  const read = async (...chunks: (string | Uint8Array)[]) => (await readValue(Readable.from(chunks))).reveal()

  it.each([
    ['canary-0123456789', 'canary-0123456789'],
    ['canary-0123456789\n', 'canary-0123456789'],
    ['canary-0123456789\r\n', 'canary-0123456789'],
    ['canary-0123456789\n\n', 'canary-0123456789\n'],
    [' a b \n', ' a b '],
    ['\ufeffabc', '\ufeffabc'],
  ])('loses one newline at its end and nothing else: %j', async (given, value) => {
    expect(await read(given)).toBe(value)
  })

  it('may come in pieces cut anywhere', async () => {
    const bytes = Buffer.from('schlüssel🔑')
    expect(await read(...Array.from(bytes, (byte) => new Uint8Array([byte])))).toBe('schlüssel🔑')
  })

  it.each([
    ['nothing', ''],
    ['a newline alone', '\n'],
    ['no UTF-8', new Uint8Array([0xff, 0xfe, 0x41])],
    ['a NUL byte', 'a\0b'],
    ['more than 1 MB', 'x'.repeat(1024 * 1024 + 1)],
  ])('is refused when it is %s, without a word of it', async (_, given) => {
    await expect(read(given)).rejects.toMatchObject({ code: 'VALUE_REFUSED' })
  })

  it('follows the same rules when it comes from a file', () => {
    expect(decodeValue(Buffer.from('abc\n'), 'key.txt').reveal()).toBe('abc')
  })
})
