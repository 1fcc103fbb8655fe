import { createHash, createHmac } from 'node:crypto'
import { Pool } from 'undici'
import { AWS, pathOf, type ServerKind, type ServerPlace } from './store-server.ts'

/** The same documents, read by nothing but a client that keeps its connections. Gives how many fields came. */
export interface BareClient {
  read(): Promise<number>
  close(): Promise<void>
}

/** As the stores ask: one path a request and 16 at once of Vault; 20 a request and 5 at once of AWS. */
const ASKED = { vault: { batch: 1, atOnce: 16 }, aws: { batch: 20, atOnce: 5 } }

export function bareClient(kind: ServerKind, { address, env }: ServerPlace, paths: number): BareClient {
  const { batch, atOnce } = ASKED[kind]
  const pool = new Pool(address, { connections: atOnce, pipelining: 1 })
  const all = Array.from({ length: paths }, (_, path) => pathOf(path))
  const chunks = Array.from({ length: Math.ceil(paths / batch) }, (_, n) => all.slice(n * batch, (n + 1) * batch))
  const ask = kind === 'vault' ? askVault(pool, env.VAULT_TOKEN ?? '') : askAws(pool, new URL(address).host)
  return {
    async read() {
      let next = 0
      let fields = 0
      const lane = async () => {
        for (let at = next++; at < chunks.length; at = next++) {
          const found = await ask(chunks[at] as readonly string[])
          fields += found
        }
      }
      await Promise.all(Array.from({ length: atOnce }, lane))
      return fields
    },
    close: () => pool.close(),
  }
}

const askVault =
  (pool: Pool, token: string) =>
  async ([path]: readonly string[]): Promise<number> => {
    const { statusCode, body } = await pool.request({ method: 'GET', path: `/v1/secret/data/${path}`, headers: { 'x-vault-token': token } })
    const answer = (await body.json()) as { data: { data: object } }
    if (statusCode !== 200) throw new Error(`${path}: ${statusCode}`)
    return Object.keys(answer.data.data).length
  }

const askAws =
  (pool: Pool, host: string) =>
  async (names: readonly string[]): Promise<number> => {
    const sent = JSON.stringify({ SecretIdList: names })
    const { statusCode, body } = await pool.request({ method: 'POST', path: '/', headers: signed(host, sent), body: sent })
    const answer = (await body.json()) as { SecretValues: readonly { SecretString: string }[] }
    if (statusCode !== 200) throw new Error(`${names[0]}: ${statusCode}`)
    return answer.SecretValues.reduce((sum, { SecretString }) => sum + Object.keys(JSON.parse(SecretString)).length, 0)
  }

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()

/** The stand-in refuses what is not signed. */
function signed(host: string, body: string): Record<string, string> {
  const date = `${new Date().toISOString().replaceAll(/[:-]/g, '').slice(0, 15)}Z`
  const scope = `${date.slice(0, 8)}/${AWS.region}/secretsmanager/aws4_request`
  const headers = { 'content-type': 'application/x-amz-json-1.1', host, 'x-amz-date': date, 'x-amz-target': 'secretsmanager.BatchGetSecretValue' }
  const list = Object.keys(headers).join(';')
  const canonical = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`)
  const request = ['POST', '/', '', canonical.join(''), list, sha256(body)].join('\n')
  const key = scope.split('/').reduce<string | Buffer>((made, part) => hmac(made, part), `AWS4${AWS.signer.secretAccessKey}`)
  const signature = hmac(key, ['AWS4-HMAC-SHA256', date, scope, sha256(request)].join('\n')).toString('hex')
  return { ...headers, authorization: `AWS4-HMAC-SHA256 Credential=${AWS.signer.accessKeyId}/${scope}, SignedHeaders=${list}, Signature=${signature}` }
}
