import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Refusal } from './refusal.ts'
import { type Signer, verifySignature } from './sigv4.ts'

export interface TokenService {
  readonly url: string
  /** What was asked of it: the parameters of each AssumeRole. */
  readonly asked: readonly Readonly<Record<string, string>>[]
  [Symbol.asyncDispose](): Promise<void>
}

/** A stand-in for AWS STS that gives the credentials of one role to whoever signs and names it with its external id. */
export async function startTokenService(signer: Signer, role: { arn: string; externalId: string; gives: Signer }, region: string): Promise<TokenService> {
  const asked: Record<string, string>[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const { method = '', url = '', headers } = request
    try {
      verifySignature({ method, url, headers, body }, [signer], { region, service: 'sts' }, Date.now())
      const params = Object.fromEntries(new URLSearchParams(body.toString('utf8')))
      asked.push(params)
      if (params.RoleArn !== role.arn || params.ExternalId !== role.externalId)
        throw new Refusal('AccessDenied', `not authorized to perform: sts:AssumeRole on resource: ${params.RoleArn}`, 403)
      const { accessKeyId, secretAccessKey, sessionToken } = role.gives
      const until = new Date(Date.now() + 3_600_000).toISOString()
      response.writeHead(200, { 'content-type': 'text/xml' })
      response.end(
        `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>${secretAccessKey}</SecretAccessKey><SessionToken>${sessionToken}</SessionToken><Expiration>${until}</Expiration></Credentials></AssumeRoleResult><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></AssumeRoleResponse>`,
      )
    } catch (error) {
      const { type, message, status } = error instanceof Refusal ? error : new Refusal('InternalFailure', String(error), 500)
      response.writeHead(status, { 'content-type': 'text/xml' })
      response.end(
        `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${type}</Code><Message>${message}</Message></Error><RequestId>r-1</RequestId></ErrorResponse>`,
      )
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
