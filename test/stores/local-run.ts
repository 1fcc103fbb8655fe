import { execFile } from 'node:child_process'
import path from 'node:path'
import { recordPrinted } from '../support/printed.ts'
import type { ChildTask } from './local-child.ts'
import type { LocalFixture } from './local-fixture.ts'

export interface Ended {
  readonly signal: string | null
  readonly error: { readonly code: string; readonly message: string } | null
}

/** Runs one child on the fixture's store; `value` is what it stores. */
export async function runChild(
  fixture: LocalFixture,
  value: string,
  task: Partial<ChildTask>,
  user?: { readonly uid: number; readonly gid: number },
  reach: (file: string) => string = (file) => file,
): Promise<Ended> {
  const whole: ChildTask = {
    dir: fixture.dir,
    identityFile: path.join(fixture.dir, '..', 'identity.txt'),
    recipients: [fixture.me.recipient, fixture.recovery.recipient],
    op: 'ready',
    path: 'demo/production/openai',
    token: 'new',
    expect: null,
    newRecipients: [fixture.me.recipient],
    killAt: 0,
    times: 0,
    ...task,
  }
  return new Promise((resolve) => {
    const child = reach(path.join(import.meta.dirname, 'local-child.ts'))
    execFile(
      reach(process.execPath),
      ['--disable-warning=ExperimentalWarning', child, JSON.stringify(whole)],
      { env: { KEYTURN_TEST_VALUE: value }, cwd: '/', ...user },
      (error, stdout, stderr) => {
        recordPrinted('the child', stdout + stderr)
        const said = stderr.startsWith('{') ? (JSON.parse(stderr) as Ended['error']) : null
        if (error && !error.signal && !said) throw new Error(`the child failed: ${stderr}`)
        resolve({ signal: error?.signal ?? null, error: said })
      },
    )
  })
}
