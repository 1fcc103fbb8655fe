import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { compiledFile } from './join.ts'

/**
 * Writes what this Node compiles of the program's text while it does `secrets status`, so that later starts need not compile it:
 * with it a start takes half of the time above Node's own. Only this version of Node takes it; any other compiles as ever.
 *
 * @param program - the loader, `dist/secrets.cjs`
 * @param start - the text that it runs
 */
export function compile(program: string, start: string): void {
  const home = mkdtempSync(path.join(tmpdir(), 'keyturn-build-'))
  try {
    const project = path.join(home, 'project')
    mkdirSync(project)
    writeFileSync(path.join(project, '.env'), 'OPENAI_API_KEY=\nJWT_SECRET=\nDB_PASSWORD=changeme\nLOG_LEVEL=info\n')
    const preload = path.join(home, 'keep.cjs')
    writeFileSync(preload, KEEP)
    const run = (nodeArgs: readonly string[], ...args: readonly string[]): void => {
      const { status, error, stderr } = spawnSync(process.execPath, [...nodeArgs, program, ...args], {
        cwd: project,
        // Root's state would lie in /var/lib and /etc, and stay there.
        env: { PATH: process.env.PATH, HOME: home, XDG_STATE_HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home, KEYTURN_BUILD_KEEP: compiledFile(start) },
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      if (status !== 0) throw new Error(`"secrets ${args.join(' ')}" of the new build failed: ${error?.message ?? stderr}`)
    }
    run([], 'init', '.env', '--yes')
    // Once to fill the cache of the inventory: the next one goes the way of every day.
    run([], 'status')
    run(['--require', preload], 'status')
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

/** Runs before the loader, keeps hold of the script that it makes, and writes at the end what was compiled until then. */
const KEEP = `'use strict'
const fs = require('fs')
const vm = require('vm')
const { Script } = vm
vm.Script = function (...args) {
  vm.Script = Script
  const script = new Script(...args)
  process.on('exit', () => {
    const file = process.env.KEYTURN_BUILD_KEEP
    fs.writeFileSync(file + '.new', script.createCachedData())
    fs.renameSync(file + '.new', file)
  })
  return script
}
`
