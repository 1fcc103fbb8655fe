import { expect, test } from 'vitest'
import { canary } from '../support/canary.ts'
import { makeProject, type Project } from '../support/project.ts'

const findings = async (project: Project, name: string, ...args: string[]) => {
  const { secrets } = JSON.parse((await project.run([...args, 'status', '--json'])).stdout) as {
    readonly secrets: readonly { readonly name: string; readonly findings: readonly { readonly rule: string; readonly message: string }[] }[]
  }
  return secrets
    .find((one) => one.name === name)
    ?.findings.filter(({ rule }) => rule === 'other-environment')
    .map(({ message }) => message)
}

test('a value that stands in two environments of a project is found in both, and no fingerprint of one stands in the other', async () => {
  const shared = canary()
  await using project = makeProject({
    '.env': `OPENAI_API_KEY=${shared}\nJWT_SECRET=${canary()}\n`,
    'staging.env': `OPENAI_API_KEY=${shared}\nJWT_SECRET=${canary()}\n`,
  })
  expect((await project.run(['init', '--yes', '.env'])).code).toBe(0)
  expect((await project.run(['init', '--yes', '-e', 'staging', 'staging.env'])).code).toBe(0)
  expect(await findings(project, 'openai', '-e', 'staging')).toEqual(['OPENAI_API_KEY has the same value as openai in production'])
  expect(await findings(project, 'jwt', '-e', 'staging')).toEqual([])
  // Production was recorded first: the next look that reads values tells.
  expect(await findings(project, 'openai')).toEqual([])
  expect((await project.run(['doctor'])).stdout).toContain('recorded anew')
  expect(await findings(project, 'openai')).toEqual(['OPENAI_API_KEY has the same value as openai in staging'])
  expect((await project.run(['doctor'])).stdout).not.toContain('recorded anew')
  const prints = async (...args: string[]) =>
    new Set([...(await project.run([...args, 'history', '--json'])).stdout.matchAll(/hmac:[0-9a-z]+:[0-9a-f]+/g)].map(String))
  const staging = await prints('-e', 'staging')
  expect([...(await prints())].filter((one) => staging.has(one))).toEqual([])
  expect((await project.run(['history', '--verify'])).code).toBe(0)
})

test('an environment that cannot be opened keeps nobody from anything', async () => {
  await using project = makeProject({
    '.env': `JWT_SECRET=${canary()}\n`,
    'secrets.staging.yaml': 'id: kt_00000000\nsecrets: {}\n',
    'secrets.test.yaml': ': broken',
  })
  expect((await project.run(['init', '--yes', '.env'])).code).toBe(0)
  expect(await findings(project, 'jwt')).toEqual([])
})
