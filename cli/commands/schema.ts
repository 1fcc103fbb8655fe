import type { Run } from '../context.ts'

/** `secrets schema`: the JSON Schema of `secrets.yaml`, with or without `--json`, in a project or outside of one. */
export const run: Run = async ({ out }) => {
  const [{ inventorySchema }, { loadKinds }] = await Promise.all([import('../../src/inventory/json-schema.ts'), import('../../src/app.ts')])
  const schema = inventorySchema(await loadKinds())
  if (out.json) out.document(schema)
  else await out.stream([`${JSON.stringify(schema, null, 2)}\n`])
  return 0
}
