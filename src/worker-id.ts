import { readFileSync, readlinkSync } from 'node:fs'

/**
 * Names this process in claims: machine (its boot and pid namespace), pid and start time. So another process of the same machine
 * can see that the holder of a claim has ended, and need not wait for its lease.
 */
export function workerId(host: string, pid: number): string {
  return [host, namespace(), pid, startOf(pid) ?? '0'].join('/')
}

/** True when the process named is known to have ended: on this machine, and no longer there. On any other: false. */
export function hasEnded(worker: string, host: string): boolean {
  const [machine, space, pid, start] = worker.split('/')
  if (machine !== host || space === '' || space !== namespace() || pid === undefined) return false
  const now = startOf(Number(pid))
  return now === null ? !isHidden(Number(pid)) : now !== start
}

/** Boot id and pid namespace: pids mean something only within them. Empty where the system does not tell. */
function namespace(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot}-${/\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? ''}`
  } catch {
    return ''
  }
}

/** With `hidepid` another user's process is not to be seen in /proc, and lives all the same. */
function isHidden(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Start time in ticks since boot: field 22 of /proc/PID/stat, counted after the program's name. `null`: no such process, or a zombie. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null)
  } catch {
    return null
  }
}
