import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { folderWith, load, refusal } from './files.ts'

const ID = 'id: kt_8f3k2m9q\n'

describe('an inventory that extends another', () => {
  test('has maps merged by key, lists replaced, and its own word last', () => {
    const folder = folderWith({
      'base.yaml':
        'id: kt_basebase\nenvironment: base\npolicy: { max_age: 60d, min_length: 20 }\nsecrets:\n  a: { env: A, owner: ops }\n  b: B\noutputs: [.env, base.env]\n',
      'secrets.yaml': `${ID}extends: base.yaml\npolicy: { min_length: 24 }\nsecrets:\n  a: { owner: me }\n  c: C\noutputs: [.env]\n`,
    })
    const inventory = load(folder)
    expect(inventory).toMatchObject({ id: 'kt_8f3k2m9q', environment: 'production', policy: { maxAgeMs: 60 * 86_400_000, minLength: 24 } })
    expect(inventory.secrets.map(({ name, env, owner }) => [name, Object.keys(env), owner])).toEqual([
      ['a', ['A'], 'me'],
      ['b', ['B'], undefined],
      ['c', ['C'], undefined],
    ])
    expect(inventory.outputs.map((output) => output.file)).toEqual(['.env'])
    expect(inventory.stamps.map((stamp) => stamp.file)).toEqual([join(folder, 'secrets.yaml'), join(folder, 'base.yaml')])
  })

  test('may extend a list, where later files win, and files that extend others', () => {
    const folder = folderWith({
      'shared/deep.yaml': 'project: deep\npolicy: { max_age: 30d }\n',
      'shared/one.yaml': 'extends: deep.yaml\nproject: one\n',
      'two.yaml': 'project: two\n',
      'secrets.yaml': `${ID}extends: [shared/one.yaml, two.yaml]\n`,
    })
    expect(load(folder)).toMatchObject({ project: 'two', policy: { maxAgeMs: 30 * 86_400_000 } })
  })

  test('has paths that start from its own folder', () => {
    const folder = folderWith({ 'shared/base.yaml': 'outputs: [out.env]\n', 'secrets.yaml': `${ID}extends: shared/base.yaml\n` })
    expect(load(folder).outputs[0]?.target).toBe(join(folder, 'out.env'))
  })

  test('changes its hash with every file', () => {
    const folder = folderWith({ 'base.yaml': 'project: a\n', 'secrets.yaml': `${ID}extends: base.yaml\n` })
    const before = load(folder).hash
    writeFileSync(join(folder, 'base.yaml'), 'project: b\n')
    expect(load(folder).hash).not.toBe(before)
  })

  test('has problems reported in the file where they stand', () => {
    const folder = folderWith({
      'base.yaml': 'polcy: {}\nsecrets:\n  a: { env: A, store: nowhere }\n  b: B\n',
      'secrets.yaml': `${ID}extends: base.yaml\nsecrets:\n  c: B\n`,
    })
    expect(refusal(folder).details.map((text) => text.split('\n')[0])).toEqual([
      'secrets.yaml:4:6: secrets.c: the variable B belongs to b already (line 4)',
      'base.yaml:1:1: unknown key "polcy"',
      'base.yaml:3:23: secrets.a.store: there is no store "nowhere"',
    ])
  })

  test('may not lead back to itself', () => {
    const folder = folderWith({ 'base.yaml': 'extends: secrets.yaml\n', 'secrets.yaml': `${ID}extends: base.yaml\n` })
    expect(refusal(folder).details).toEqual([
      'base.yaml:1:10: extends: the file extends itself, directly or through another\n  hint: take one of the lines away',
    ])
  })

  test('names a base that is not there, is a folder, or is binary, where it is extended', () => {
    const folder = folderWith({ 'dir/x': '', 'bin.yaml': Uint8Array.from([0, 1]), 'secrets.yaml': `${ID}extends:\n  - gone.yaml\n  - dir\n  - bin.yaml\n` })
    expect(refusal(folder).details.map((text) => text.split('\n')[0])).toEqual([
      'secrets.yaml:3:5: extends: there is no such file',
      'secrets.yaml:4:5: extends: this is a folder',
      'secrets.yaml:5:5: extends: the file is binary, not text',
    ])
  })

  test('reports what is wrong with a base that is half written', () => {
    const folder = folderWith({ 'base.yaml': 'a: "b\n', 'secrets.yaml': `${ID}extends: base.yaml\n` })
    expect(refusal(folder).details[0]).toMatch(/^base\.yaml:1:4: a quote is opened and never closed/)
  })
})
