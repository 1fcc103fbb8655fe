import { inspect } from 'node:util'
import { isKeyturnError } from '../../src/errors.ts'
import { Sensitive } from '../../src/sensitive.ts'
import { openAt } from './vault-open.ts'

/**
 * A process of its own that uses a Vault as a rotation does and prints every error it meets: `node vault-child.ts JSON`. Value and secret id
 * come in the environment.
 */
export interface VaultChildTask {
  readonly address: string
  readonly dir: string
  readonly params: object
}

if (process.argv[1] === import.meta.filename) {
  const { address, dir, params } = JSON.parse(process.argv[2] ?? '') as VaultChildTask
  const { TEST_VALUE: value = '', TEST_SECRET_ID = '' } = process.env
  const store = await openAt(address, '', { dir, params, env: { SECRET_ID: TEST_SECRET_ID } })
  const token = 'kt_demo.openai.1'
  await store.put('demo/openai', { token, fields: new Sensitive({ value }), handle: null })
  await store.promote('demo/openai', token, null)
  const found = [await store.read(['demo/openai']), await store.versions('demo/openai'), await store.get('demo/openai', [token])]
  const failed: unknown[] = []
  for (const path of ['demo/forbidden', 'demo/broken', 'demo/hanging']) {
    await store.put(path, { token, fields: new Sensitive({ value }), handle: null }).catch((error: unknown) => failed.push(error))
  }
  console.log(inspect({ found, failed }, { depth: 20, showHidden: true }), JSON.stringify({ found, failed }))
  console.log(`done: ${failed.filter((error) => isKeyturnError(error)).length} errors`)
}
