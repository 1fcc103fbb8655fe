import { defineStore } from './kind.ts'
import { vaultParams } from './vault/params.ts'

/** HashiCorp Vault and OpenBao: versions and current documents in a KV v2 mount; a KV v1 mount for reading. */
export const vault = defineStore({
  kind: 'vault',
  params: vaultParams,
  open: async (context) => (await import('./vault/open.ts')).openVault(context),
})
