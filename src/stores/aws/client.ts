import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import type { STSClientConfig } from '@aws-sdk/client-sts'
import { type AwsParams, timeoutMsOf } from './params.ts'

/** What is not the inventory's. */
export interface Connection {
  readonly params: AwsParams
  /** Tries of one request, the first among them. Default: 3, half a minute where nobody answers. */
  readonly attempts?: number
}

/** Milliseconds until a connection stands. */
const CONNECT_MS = 5_000
/** Milliseconds for one request unless the inventory says otherwise. The SDK's own default is to wait for ever. */
const REQUEST_MS = 10_000

export interface Opened {
  readonly sdk: typeof import('@aws-sdk/client-secrets-manager')
  readonly client: SecretsManagerClient
}

/** Loads the SDK and makes a client of it; nothing is asked yet. Credentials are found by the SDK's default chain when they are needed. */
export async function openClient({ params, attempts = 3 }: Connection): Promise<Opened> {
  const sdk = await import('@aws-sdk/client-secrets-manager')
  const requestMs = params.timeout === undefined ? REQUEST_MS : timeoutMsOf(params.timeout)
  const config = {
    ...(params.region !== undefined && { region: params.region }),
    ...(params.profile !== undefined && { profile: params.profile }),
    maxAttempts: attempts,
    retryMode: 'standard',
    requestHandler: {
      connectionTimeout: Math.min(CONNECT_MS, requestMs),
      requestTimeout: requestMs,
      socketTimeout: requestMs,
      throwOnRequestTimeout: true,
    },
  }
  const client = new sdk.SecretsManagerClient({
    ...config,
    ...(params.endpoint !== undefined && { endpoint: params.endpoint }),
    ...(params.role !== undefined && { credentials: await roleCredentials(config, params.role, params.external_id) }),
  })
  return { sdk, client }
}

/** Credentials of a role, assumed with those of the default chain; the client asks for new ones before they expire. */
async function roleCredentials(config: STSClientConfig, role: string, externalId: string | undefined) {
  const { AssumeRoleCommand, STSClient } = await import('@aws-sdk/client-sts')
  const sts = new STSClient(config)
  return async () => {
    const { Credentials: found } = await sts.send(
      new AssumeRoleCommand({ RoleArn: role, RoleSessionName: 'keyturn', ...(externalId !== undefined && { ExternalId: externalId }) }),
    )
    if (!found?.AccessKeyId || !found.SecretAccessKey) throw Object.assign(new Error('no credentials'), { name: 'CredentialsProviderError' })
    return {
      accessKeyId: found.AccessKeyId,
      secretAccessKey: found.SecretAccessKey,
      ...(found.SessionToken !== undefined && { sessionToken: found.SessionToken }),
      ...(found.Expiration !== undefined && { expiration: found.Expiration }),
    }
  }
}
