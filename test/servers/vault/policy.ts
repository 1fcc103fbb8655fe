/** Access rules as Vault takes them: HCL of `path "..." { capabilities = [...] }`, the most exact rule wins, and what no rule allows is denied. */

export type Capability = 'create' | 'read' | 'update' | 'patch' | 'delete' | 'list' | 'sudo' | 'deny'

export interface Rule {
  readonly path: string
  readonly capabilities: readonly Capability[]
}

/** Rules that every token has unless it was made without them. */
export const DEFAULT_POLICY = rulesOf(`
path "auth/token/lookup-self" { capabilities = ["read"] }
path "auth/token/renew-self" { capabilities = ["update"] }
path "auth/token/revoke-self" { capabilities = ["update"] }
path "sys/capabilities-self" { capabilities = ["update"] }
path "sys/internal/ui/mounts/*" { capabilities = ["read"] }
path "sys/wrapping/unwrap" { capabilities = ["update"] }
`)

/** @throws Error for what is no policy, as Vault refuses it. */
export function rulesOf(hcl: string): readonly Rule[] {
  const bare = hcl.replaceAll(/^\s*(#|\/\/).*$/gm, '')
  const rules: Rule[] = []
  const rest = bare.replaceAll(/path\s+"([^"]+)"\s*\{\s*capabilities\s*=\s*\[([^\]]*)\]\s*\}/g, (_, path: string, list: string) => {
    const capabilities = [...list.matchAll(/"([a-z]+)"/g)].map(([, name]) => name as Capability)
    rules.push({ path, capabilities })
    return ''
  })
  if (rest.trim() !== '') throw new Error(`this is no policy: ${rest.trim().slice(0, 80)}`)
  return rules
}

/** What these rules allow at a path. */
export function capabilitiesAt(rules: readonly Rule[], path: string): readonly Capability[] {
  const matching = rules.filter((rule) => matches(rule.path, path))
  const best = Math.max(...matching.map((rule) => exactness(rule.path)))
  const all = new Set(matching.filter((rule) => exactness(rule.path) === best).flatMap((rule) => rule.capabilities))
  return all.has('deny') ? ['deny'] : [...all].sort()
}

function matches(pattern: string, path: string): boolean {
  const source = pattern
    .replace(/\*$/, '')
    .split('/')
    .map((part) => (part === '+' ? '[^/]+' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')))
  return new RegExp(`^${source.join('/')}${pattern.endsWith('*') ? '.*' : ''}$`, 's').test(path)
}

/** Without wildcards first, then the one whose first wildcard comes latest. */
function exactness(pattern: string): number {
  const at = pattern.search(/\+|\*$/)
  return at === -1 ? Number.MAX_SAFE_INTEGER : at * 1000 + pattern.length
}
