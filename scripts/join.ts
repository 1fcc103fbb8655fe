import path from 'node:path'

/** One piece of the program, as CJS. */
export interface Piece {
  /** Base name, such as `chunk-6GCQGJDV.cjs`. */
  readonly name: string
  readonly code: string
}

/**
 * The entry and every chunk that it needs at once, as one text: opening twenty small files takes a third as long as `status` itself.
 * The chunks are wrapped in functions, so that each still runs once, in the order in which it is asked for; what is loaded
 * later reaches them through {@link link}, so that there is never a second copy of anything. The text is a function of
 * `module` and `require`, which {@link loaderOf} gives it.
 *
 * @param folder - where the other chunks are, beside the loader
 */
export function joinChunks(entry: Piece, chunks: readonly Piece[], folder: string): string {
  // In brackets: where nothing is compiled yet, the engine then compiles the function at once instead of looking through it twice.
  const wrapped = chunks.map(({ name, code }) => `${JSON.stringify(name)}:(function(module,exports,require){${code}\n})`)
  return `(function(module,require){"use strict";
const $chunks={${wrapped.join(',\n')}},$made={};
function $chunk(name){let made=$made[name];if(!made){made=$made[name]={exports:{}};$chunks[name](made,made.exports,$require)}return made.exports}
function $require(id){if(id[0]!==".")return require(id);const name=id.slice(id.lastIndexOf("/")+1);return name in $chunks?$chunk(name):require(${JSON.stringify(`./${folder}/`)}+name)}
module.exports={$chunk};
(function(module,exports,require){${entry.code}
})({exports:{}},{},$require);
})
`
}

/** Beside the text: what this very Node compiles of it. */
export const compiledFile = (text: string): string => `${text.slice(0, -path.extname(text).length)}-${process.version}-${process.arch}.bin`

/**
 * The program's file: runs the text of {@link joinChunks}, from what the engine has compiled already where that fits this Node
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
