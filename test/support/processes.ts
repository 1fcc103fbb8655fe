import { readFileSync } from 'node:fs'

/** What other users of the machine could see of a process and its children while it runs. */
export interface ProcessWatch {
  commandLines(): string
  /** Of the children only: the environment of the program itself is the test's doing. */
  environments(): string
  stop(): void
}

/** Looks every 15 ms, at this process and what descends from it only: some three small files a look. */
export function watchProcesses(pid: number): ProcessWatch {
  const commandLines = new Set<string>()
  const environments = new Set<string>()
  const look = () => {
    commandLines.add(readProc(pid, 'cmdline'))
    for (const child of descendants(pid)) {
      commandLines.add(readProc(child, 'cmdline'))
      environments.add(readProc(child, 'environ'))
    }
  }
  const timer = setInterval(look, 15)
  look()
  return {
    commandLines: () => [...commandLines].join('\n').replaceAll('\0', ' '),
    environments: () => [...environments].join('\n').replaceAll('\0', '\n'),
    stop: () => clearInterval(timer),
  }
}

function descendants(pid: number): readonly number[] {
  const children = readProc(pid, `task/${pid}/children`)
    .split(' ')
    .filter((text) => text !== '')
    .map(Number)
  return children.flatMap((child) => [child, ...descendants(child)])
}

/** Empty once the process has ended. */
function readProc(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1')
  } catch {
    return ''
  }
}
