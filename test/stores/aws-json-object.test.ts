import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readObject, withoutNames, withValue, writeObject } from '../../src/stores/aws/json-object.ts'

describe('a JSON object as it is written', () => {
  const value = fc.jsonValue({ maxDepth: 2 })
  const object = fc.array(fc.tuple(fc.oneof(fc.constantFrom('__proto__', '1', 'a', ''), fc.string()), value), { maxLength: 6 })
  const layout = fc.constantFrom(0, 2, '\t')
  const textOf = (pairs: [string, unknown][], space: number | string) => {
    const inner = pairs.map(([name, one]) => `${JSON.stringify(name)}:${space === 0 ? '' : ' '}${JSON.stringify(one, null, space)}`)
    return space === 0 ? `{${inner.join(',')}}` : `{\n ${inner.join(' ,\n ')}\n}`
  }

  it('is the same text when nothing is changed', () => {
    fc.assert(
      fc.property(object, layout, (pairs, space) => {
        const text = textOf(pairs as [string, unknown][], space)
        const entries = readObject(text) ?? []
        expect(entries.map(({ name }) => name)).toEqual(pairs.map(([name]) => name))
        if (pairs.length > 0) expect(writeObject(entries)).toBe(text)
      }),
    )
  })

  it('is well-formed after any change, with the others as they were', () => {
    fc.assert(
      fc.property(object, layout, fc.string(), (pairs, space, name) => {
        const entries = readObject(textOf(pairs as [string, unknown][], space)) ?? []
        const others = entries.filter((entry) => entry.name !== name).map(({ key, value: written }) => [key.trim(), written])
        const added = readObject(writeObject(withValue(entries, name, '"canary"'))) ?? []
        expect(added.findLast((entry) => entry.name === name)?.value).toBe('"canary"')
        for (const left of [added.filter((entry) => entry.name !== name), readObject(writeObject(withoutNames(entries, [name]))) ?? []]) {
          expect(left.map(({ key, value: written }) => [key.trim(), written])).toEqual(others)
        }
      }),
    )
  })
})
