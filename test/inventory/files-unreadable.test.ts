import { execFileSync } from 'node:child_process'
import { chmodSync, symlinkSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { folderWith, load, refusal } from './files.ts'

const ID = 'id: kt_8f3k2m9q\n'

describe('no inventory', () => {
  test('says where it looked and how to begin', () => {
    const folder = folderWith({ 'a/x': '' })
    expect(refusal(join(folder, 'a'))).toMatchObject({
      code: 'CONFIG_NOT_FOUND',
      message: `no secrets.yaml in ${join(folder, 'a')} or in a folder above`,
      hint: 'Start with "secrets init .env", or name the file with --config.',
    })
  })

  test('notices the other ending, another environment and a missing one', () => {
    expect(refusal(folderWith({ 'secrets.yml': ID })).hint).toBe('Rename secrets.yml to secrets.yaml, or name it with --config.')
    expect(refusal(folderWith({ 'secrets.staging.yaml': ID })).hint).toBe('Choose one that is here: -e staging.')
    expect(refusal(folderWith({ 'secrets.yaml': ID }), { environment: 'staging' })).toMatchObject({
      code: 'CONFIG_NOT_FOUND',
      hint: 'Each environment has a file and an id of its own: "secrets init FILE -e staging" makes one.',
    })
  })

  test('passes over a folder above that everybody may write to', () => {
    const folder = folderWith({ 'secrets.yaml': ID, 'a/x': '' })
    expect(load(join(folder, 'a')).id).toBe('kt_8f3k2m9q')
    chmodSync(folder, 0o1777)
    expect(refusal(join(folder, 'a')).code).toBe('CONFIG_NOT_FOUND')
    expect(load(folder).id).toBe('kt_8f3k2m9q')
  })

  test('with --config names the file', () => {
    expect(refusal(folderWith({}), { config: 'other.yaml' })).toMatchObject({ code: 'CONFIG_NOT_FOUND', message: 'other.yaml: there is no such file' })
  })

  test('with an environment that is a path is refused', () => {
    expect(refusal(folderWith({ 'secrets.yaml': ID }), { environment: '../x' }).code).toBe('USAGE')
  })
})

describe('an inventory that cannot be read', () => {
  test('a folder of its name', () => {
    expect(refusal(folderWith({ 'secrets.yaml/x': '' }))).toMatchObject({ code: 'FILE_UNREADABLE', message: 'secrets.yaml: this is a folder' })
  })

  test('a link to nothing', () => {
    const folder = folderWith({})
    symlinkSync('gone.yaml', join(folder, 'secrets.yaml'))
    expect(refusal(folder)).toMatchObject({ code: 'CONFIG_NOT_FOUND', message: 'secrets.yaml: there is no such file' })
  })

  test('a link to itself', () => {
    const folder = folderWith({})
    symlinkSync('secrets.yaml', join(folder, 'secrets.yaml'))
    expect(refusal(folder)).toMatchObject({ code: 'FILE_UNREADABLE', message: 'secrets.yaml: the symbolic link leads back to itself' })
  })

  test('a named pipe, without waiting for a writer', () => {
    const folder = folderWith({})
    execFileSync('mkfifo', [join(folder, 'secrets.yaml')])
    expect(refusal(folder)).toMatchObject({ code: 'FILE_UNREADABLE', message: 'secrets.yaml: this is no regular file' })
  })

  test('one that this user may not read', () => {
    const folder = folderWith({ 'secrets.yaml': ID })
    chmodSync(dirname(folder), 0o755)
    chmodSync(join(folder, 'secrets.yaml'), 0o000)
    const program = `
      import { loadInventory } from ${JSON.stringify(resolve(import.meta.dirname, '../../src/inventory/load.ts'))}
      // Root may read everything, so it becomes nobody once all is loaded.
      if (process.geteuid() === 0) process.seteuid(65534)
      try {
        loadInventory({ cwd: ${JSON.stringify(folder)}, host: 'h', kinds: { rotators: new Map(), consumers: new Map(), stores: new Map() } })
      } catch (error) {
        process.stdout.write(JSON.stringify([error.code, error.message]))
      }`
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
    expect(JSON.parse(out)).toEqual(['FILE_UNREADABLE', 'secrets.yaml: this user may not read it (EACCES)'])
  })
})

describe('environments', () => {
  test('may not share an id', () => {
    const folder = folderWith({ 'secrets.yaml': ID, 'secrets.staging.yaml': `# copied\nid: "kt_8f3k2m9q"  # old\n` })
    expect(refusal(folder).details).toEqual([
      'secrets.yaml:1:5: id: secrets.staging.yaml has the same id\n  hint: each environment needs an id of its own: change the id of the newer file before it is used',
    ])
    expect(refusal(folder, { environment: 'staging' }).details[0]).toMatch(/^secrets\.staging\.yaml:2:5: id: secrets\.yaml has the same id/)
  })

  test('must be the one that was asked for', () => {
    const folder = folderWith({ 'secrets.staging.yaml': `${ID}environment: test\n` })
    expect(refusal(folder, { environment: 'staging' }).details).toEqual([
      'secrets.staging.yaml:2:14: environment: this file is test, and -e asks for staging\n  hint: each environment has a file and an id of its own',
    ])
    expect(load(folder, { config: 'secrets.staging.yaml' }).environment).toBe('test')
  })
})
