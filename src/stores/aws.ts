import { awsParams } from './aws/params.ts'
import { defineStore } from './kind.ts'

/** AWS Secrets Manager: current values where other tools of AWS find them, versions in a sibling secret for each path. */
export const aws = defineStore({
  kind: 'aws',
  params: awsParams,
  open: async (context) => (await import('./aws/store.ts')).openAwsStore(context),
})
