import path from 'node:path'
import { build } from 'esbuild'

/** What the program was cut into, as modules, by base names such as `chunk-6GCQGJDV.cjs`. */
export interface Pieces {
  readonly entry: string
  /** Those that the entry needs at once: {@link closureOf}. */
  readonly atOnce: ReadonlySet<string>
  readonly pieces: ReadonlyMap<string, string>
  /** The names that each exports. */
  readonly exported: ReadonlyMap<string, readonly string[]>
  /** Where the other pieces are, beside the loader. */
  readonly folder: string
}

/**
 * The entry and every piece that it needs at once, as one text in one scope: opening twenty small files takes a third as long as
 * `status` itself, and so does reaching every function through a module. What is loaded later reaches the same functions through
 * {@link link}, so that there is never a second copy of anything. The text is a function of `module` and `require`, which
 * {@link loaderOf} gives it.
 */
export async function joinPieces({ entry, atOnce, pieces, exported, folder }: Pieces): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: withAccess(entry, atOnce, exported) },
    plugins: [
      {
        name: 'pieces',
        setup: ({ onResolve, onLoad }) => {
          onResolve({ filter: /^\./ }, ({ path: imported, kind }) => {
            const name = path.basename(imported)
            const isHere = kind === 'import-statement' && (name === entry || atOnce.has(name))
            // Without its ending: a module whose name says that it is none gets a scope of its own.
            return isHere ? { path: path.parse(name).name, namespace: 'piece' } : { path: `./${folder}/${name}`, external: true }
          })
          onLoad({ filter: /.*/, namespace: 'piece' }, ({ path: stem }) => ({ contents: pieces.get(`${stem}.cjs`) ?? '' }))
        },
      },
    ],
    ...PIECE,
    bundle: true,
    write: false,
    logLevel: 'silent',
  })
  return `(function(module,require){"use strict";${outputFiles[0]?.text}})\n`
}

/** How a piece becomes CJS. */
export const PIECE = {
  format: 'cjs',
  platform: 'node',
  target: 'node24',
  // import() would go through the loader of modules; require() of a piece costs a tenth.
  supported: { 'dynamic-import': false },
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'inline',
} as const

/** Runs the entry, and gives what each of the pieces exports to those that ask for it later. */
function withAccess(entry: string, atOnce: ReadonlySet<string>, exported: Pieces['exported']): string {
  const lines = [`import ${JSON.stringify(`./${entry}`)}`]
  const given: string[] = []
  for (const [i, piece] of [...atOnce].entries()) {
    const names = exported.get(piece) ?? []
    lines.push(`import{${names.map((name) => `${name} as ${name}$${i}`).join()}}from${JSON.stringify(`./${piece}`)}`)
    given.push(`${JSON.stringify(piece)}:()=>({${names.map((name) => `get ${name}(){return ${name}$${i}}`).join()}})`)
  }
  return `${lines.join('\n')}\nconst $pieces={${given.join(',\n')}}\nexport const $chunk=(name)=>$pieces[name]()\n`
}

/** Beside the text: what this very Node compiles of it. */
export const compiledFile = (text: string): string => `${text.slice(0, -path.extname(text).length)}-${process.version}-${process.arch}.bin`

/**
 * The program's file: runs the text of {@link joinPieces}, from what the engine has compiled already where that fits this Node
 * (half of the start is compiling else). The engine refuses what another version or other flags made; that both are of one text is
 * the build's word, by its hash in their names.
 *
 * @param text - the file with the text, from the loader's folder
 */
export function loaderOf(text: string): string {
  const { dir, name } = path.parse(text)
  return `"use strict";
const fs=require("fs"),vm=require("vm"),folder=__dirname+${JSON.stringify(`/${dir}/`)},filename=folder+${JSON.stringify(path.basename(text))};
let cachedData;try{cachedData=fs.readFileSync(folder+${JSON.stringify(`${name}-`)}+process.version+"-"+process.arch+".bin")}catch{}
new vm.Script(fs.readFileSync(filename,"latin1"),{filename,cachedData}).runInThisContext()(module,require);
`
}

/** What stands in the place of a chunk that is part of the entry's file. */
export const link = (chunk: string, entry: string): string => `module.exports=require(${JSON.stringify(`../${entry}`)}).$chunk(${JSON.stringify(chunk)})\n`

/** The base names of everything that an output imports at once, directly or through others. */
export function closureOf(
  outputs: Readonly<Record<string, { readonly imports: readonly { readonly path: string; readonly kind: string; readonly external?: boolean }[] }>>,
  entry: string,
): ReadonlySet<string> {
  const found = new Set<string>()
  const visit = (output: string): void => {
    for (const { path: imported, kind, external } of outputs[output]?.imports ?? []) {
      const name = path.basename(imported)
      if (kind !== 'import-statement' || external || found.has(name)) continue
      found.add(name)
      visit(imported)
    }
  }
  visit(entry)
  return found
}
