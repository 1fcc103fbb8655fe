import { format } from 'node:util'

/** What was printed since the last test, and by whom. The set-up file searches it for canaries after every test. */

export interface Printed {
  readonly from: string
  readonly text: string
}

let printed: Printed[] = []

/** Adds something that a program said. */
export function recordPrinted(from: string, text: string): void {
  if (text !== '') printed.push({ from, text })
}

/** All of it, and forgets it. */
export function takePrinted(): readonly Printed[] {
  const taken = printed
  printed = []
  return taken
}

/** Notes all that this process prints, and lets it through. */
export function watchPrinting(): void {
  for (const name of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    const print = console[name].bind(console)
    console[name] = (...args: unknown[]) => {
      recordPrinted(`console.${name}`, format(...args))
      print(...args)
    }
  }
  for (const name of ['stdout', 'stderr'] as const) {
    const stream = process[name]
    const write = stream.write.bind(stream) as (...args: unknown[]) => boolean
    stream.write = (...args: unknown[]) => {
      recordPrinted(name, typeof args[0] === 'string' ? args[0] : Buffer.from(args[0] as Uint8Array).toString('utf8'))
      return write(...args)
    }
  }
}
