import { onTestFinished, vi } from 'vitest'
import { fingerprinter } from '../../src/fingerprint.ts'
import type { Fingerprinter, SecretStore } from '../../src/ports.ts'
import { Sensitive } from '../../src/sensitive.ts'
import { type AwsStoreOptions, openAwsStore } from '../../src/stores/aws/store.ts'
import { type SecretsManager, type SecretsManagerOptions, SIGNER, startSecretsManager } from '../servers/aws/server.ts'
import { manualClock } from '../support/clock.ts'
import { seededRandom } from '../support/random.ts'

export interface AwsFixture {
  readonly aws: SecretsManager
  readonly fingerprints: Fingerprinter
  readonly clock: ReturnType<typeof manualClock>
  open(params?: Partial<AwsStoreOptions['params']>, options?: Partial<AwsStoreOptions>): SecretStore
}

let opened = 0

/** A stand-in without secrets, and stores that find its credentials by the SDK's default chain. */
export async function awsFixture(options: Partial<SecretsManagerOptions> = {}): Promise<AwsFixture> {
  const clock = manualClock()
  const aws = await startSecretsManager({ clock, ...options })
  onTestFinished(() => aws[Symbol.asyncDispose]())
  useCredentials()
  const fingerprints = fingerprinter('ktest', new Sensitive(new Uint8Array(32).fill(7)))
  return {
    aws,
    fingerprints,
    clock,
    open: (params, more) =>
      openAwsStore({
        params: { region: aws.region, endpoint: aws.url, ...params },
        inventoryId: 'kt_demo',
        fingerprints: async () => fingerprints,
        clock,
        random: seededRandom(`aws ${opened++}`),
        attempts: 1,
        ...more,
      }),
  }
}

/** The environment of a machine that has these credentials and nothing else of AWS. */
export function useCredentials({ accessKeyId, secretAccessKey } = SIGNER): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined)
  vi.stubEnv('AWS_ACCESS_KEY_ID', accessKeyId)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', secretAccessKey)
  vi.stubEnv('AWS_CONFIG_FILE', '/nowhere/config')
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nowhere/credentials')
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
  onTestFinished(() => void vi.unstubAllEnvs())
}
