import { OWN_CREDENTIALS } from '../terms.ts'

/** What a program is started with when nothing else is known. */
const PLAIN: Readonly<Record<string, string>> = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' }

/**
 * The environment of a program that a consumer starts: ours, without our own credentials (`KEYTURN_*`, `VAULT_*`, `BAO_*`,
 * `AWS_*`) unless `listed`, and always without `managed`, the variables of the output. These may be in the environment of
 * whoever runs Keyturn, with the old values, and `docker compose up` would prefer them to the file.
 */
export function childEnv(
  env: Readonly<Record<string, string | undefined>> | undefined,
  managed: readonly string[],
  listed: readonly string[] = [],
): Record<string, string> {
  const out: Record<string, string> = {}
  for (const [name, value] of Object.entries(env ?? PLAIN))
    if (value !== undefined && !managed.includes(name) && (!OWN_CREDENTIALS.test(name) || listed.includes(name))) out[name] = value
  return out
}
