import { readFileSync, type StatsFs, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { KeyturnError } from '../errors.ts'

/**
 * `f_type` of statfs(2) on Linux, for file systems that several machines share: SQLite's locks and our renames cannot be
 * trusted there. From the kernel's include/uapi/linux/magic.h and the file systems' own sources.
 *
 * Left out on purpose: 9p (WSL's and some sandboxes' local folders), overlayfs, tmpfs, virtiofs and vboxsf's newer kin. One
 * machine sees them, and their locks hold there.
 */
const NETWORK: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x73757245, 'Coda'],
  [0x564c, 'NCP'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x19830326, 'BeeGFS'],
  [0xaad7aaea, 'PanFS'],
  [0x01161970, 'GFS2'],
  [0x7461636f, 'OCFS2'],
  [0x786f4256, 'VirtualBox shared folder'],
])

const FUSE = 0x65735546

/** FUSE says nothing about what is behind it; the mount table does. Others (fuseblk, bindfs, gocryptfs, fuse-overlayfs) are local. */
const NETWORK_FUSE =
  /^fuse\.(sshfs|s3fs|goofys|mountpoint-s3|rclone|gcsfuse|glusterfs|ceph|ceph-fuse|davfs|davfs2|curlftpfs|juicefs|seaweedfs|smbnetfs|gvfsd-fuse|google-drive-ocamlfuse|onedriver|moosefs|mfs|lizardfs|quobyte|cvmfs2?)$/

/** How the machine is asked; tests bring their own answers. */
export interface MountProbe {
  statfs(dir: string): Pick<StatsFs, 'type'>
  /** Text of /proc/self/mountinfo. */
  mounts(): string
}

const machine: MountProbe = { statfs: (dir) => statfsSync(dir), mounts: () => readFileSync('/proc/self/mountinfo', 'utf8') }

/**
 * Refuses a folder on a network file system; one that is not there yet is judged by its nearest parent. Only Linux can tell:
 * elsewhere everything passes.
 *
 * @throws KeyturnError NETWORK_STATE, naming the folder and the file system.
 */
export function refuseNetworkFileSystem(dir: string, probe: MountProbe = machine, platform: string = process.platform): void {
  if (platform !== 'linux') return
  const existing = nearest(dir, probe)
  if (!existing) return
  const type = existing.type >>> 0
  const name = type === FUSE ? fuseName(existing.dir, probe) : NETWORK.get(type)
  if (name) throw new KeyturnError('NETWORK_STATE', `${dir} is on ${name}, where file locks cannot be trusted`)
}

function nearest(dir: string, probe: MountProbe): { dir: string; type: number } | null {
  for (let folder = dir; ; folder = dirname(folder)) {
    try {
      return { dir: folder, type: probe.statfs(folder).type }
    } catch (error) {
      // Whatever is wrong with a folder that exists, the first write will name it.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || folder === dirname(folder)) return null
    }
  }
}

/** The file system type of the mount that holds the folder, if it is a network one. Lines: `id parent dev root MOUNT options - TYPE source ...`. */
function fuseName(dir: string, probe: MountProbe): string | undefined {
  let best = { length: -1, type: '' }
  for (const line of probe.mounts().split('\n')) {
    const [before, after] = line.split(' - ')
    const mount = before?.split(' ')[4]?.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
    const type = after?.split(' ')[0]
    if (!mount || !type || mount.length < best.length) continue
    if (mount === '/' || dir === mount || dir.startsWith(`${mount}/`)) best = { length: mount.length, type }
  }
  return NETWORK_FUSE.test(best.type) ? best.type.slice('fuse.'.length) : undefined
}
