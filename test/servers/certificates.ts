import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** A private authority, a certificate for `localhost` and one for a client, all in PEM. */
export interface Certificates {
  readonly ca: string
  readonly server: { readonly cert: string; readonly key: string }
  readonly client: { readonly cert: string; readonly key: string }
}

/** Made with openssl, valid for a day. */
export function makeCertificates(): Certificates {
  const dir = mkdtempSync(path.join(tmpdir(), 'keyturn-certificates-'))
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' })
  const read = (name: string) => readFileSync(path.join(dir, name), 'utf8')
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  try {
    openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '1', '-subj', '/CN=Test authority')
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-days', '1']
    const name = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
    openssl('req', '-x509', ...signed, ...key, '-keyout', 'server.key', '-out', 'server.pem', '-subj', '/CN=localhost', ...name)
    openssl('req', '-x509', ...signed, ...key, '-keyout', 'client.key', '-out', 'client.pem', '-subj', '/CN=client')
    const pair = (who: string) => ({ cert: read(`${who}.pem`), key: read(`${who}.key`) })
    return { ca: read('ca.pem'), server: pair('server'), client: pair('client') }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
