import { mkdirSync, mkdtempSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { KeyturnError } from '../../src/errors.ts'
import { checkStateFolder, makeStateFolder, restoreFolder } from '../../src/state/folder.ts'
import { type MountProbe, refuseNetworkFileSystem } from '../../src/state/network.ts'
import { type StateQuestion, statePaths } from '../../src/state/paths.ts'

const ask = (question: Partial<StateQuestion>) =>
  statePaths({ inventoryId: 'kt_demo', override: null, env: {}, uid: 1000, home: '/home/me', passwd: '', ...question })

const code = (work: () => unknown): string => {
  try {
    work()
    return 'done'
  } catch (error) {
    if (error instanceof KeyturnError) return error.code
    throw error
  }
}

function folder(): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'keyturn-state-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

describe('the folders of an inventory', () => {
  it('lie in the home of whoever runs this', () => {
    expect(ask({})).toEqual({
      state: '/home/me/.local/state/keyturn/kt_demo',
      ledger: '/home/me/.local/state/keyturn/kt_demo/ledger.db',
      store: '/home/me/.local/state/keyturn/kt_demo/store',
      locks: '/home/me/.local/state/keyturn/.locks-1000',
      cache: '/home/me/.cache/keyturn/kt_demo',
      config: '/home/me/.config/keyturn/kt_demo',
      identityFile: '/home/me/.config/keyturn/kt_demo/identity.txt',
      signingKeyFile: '/home/me/.config/keyturn/kt_demo/signing.pem',
      owner: null,
    })
  })

  it('lie where the XDG variables say, but never at a relative place', () => {
    const env = { XDG_STATE_HOME: '/s', XDG_CONFIG_HOME: '/c', XDG_CACHE_HOME: 'relative' }
    expect(ask({ env })).toMatchObject({ state: '/s/keyturn/kt_demo', config: '/c/keyturn/kt_demo', cache: '/home/me/.cache/keyturn/kt_demo' })
    expect(ask({ env, uid: 0 })).toMatchObject({ state: '/s/keyturn/kt_demo', config: '/c/keyturn/kt_demo', cache: '/var/cache/keyturn/kt_demo' })
  })

  it("are the system's for root itself, also when sudo was called by root", () => {
    for (const env of [{ HOME: '/root' }, { SUDO_UID: '0', SUDO_USER: 'root' }, { SUDO_UID: 'x' }]) {
      expect(ask({ uid: 0, env })).toMatchObject({ state: '/var/lib/keyturn/kt_demo', identityFile: '/etc/keyturn/kt_demo/identity.txt', owner: null })
    }
  })

  it("are the caller's under sudo, and belong to them", () => {
    const passwd = 'root:x:0:0:root:/root:/bin/sh\nbroken\nann:x:1001:1002:Ann,,,:/home/ann:/bin/bash\n'
    const env = { SUDO_UID: '1001', SUDO_GID: '1002', SUDO_USER: 'ann' }
    expect(ask({ uid: 0, env, passwd })).toMatchObject({
      state: '/home/ann/.local/state/keyturn/kt_demo',
      identityFile: '/home/ann/.config/keyturn/kt_demo/identity.txt',
      owner: { uid: 1001, gid: 1002 },
    })
    expect(code(() => ask({ uid: 0, env: { SUDO_UID: '4242' }, passwd }))).toBe('USAGE')
  })

  it('are not the caller\'s after "sudo -u other": then we are no root', () => {
    expect(ask({ env: { SUDO_UID: '1001' } })).toMatchObject({ state: '/home/me/.local/state/keyturn/kt_demo', owner: null })
  })

  it('lie in the folder that the inventory names, apart from other inventories there', () => {
    expect(ask({ override: '/srv/keyturn', env: { XDG_STATE_HOME: '/s' } }).state).toBe('/srv/keyturn/kt_demo')
    expect(ask({ override: '~/state' }).state).toBe('/home/me/state/kt_demo')
    expect(code(() => ask({ override: './state' }))).toBe('CONFIG_INVALID')
  })

  it('have one folder for the locks of outputs for all inventories of a user, which may write the same file', () => {
    const of = (inventoryId: string, more: Partial<StateQuestion> = {}) => ask({ inventoryId, ...more }).locks
    expect(of('kt_other')).toBe(of('kt_demo'))
    expect(of('kt_demo')).toMatch(/^\/home\/me\/\.local\/state\/keyturn\/\.locks-\d+$/)
    expect(of('kt_demo', { uid: 0, env: { XDG_STATE_HOME: '/s' } })).toBe('/s/keyturn/.locks-0')
    expect(of('kt_demo', { override: '/srv/keyturn' })).toBe('/srv/keyturn/kt_demo/locks')
  })

  it('have another identity file when the environment names one', () => {
    expect(ask({ env: { KEYTURN_IDENTITY_FILE: '/run/key' } })).toMatchObject({
      identityFile: '/run/key',
      signingKeyFile: '/home/me/.config/keyturn/kt_demo/signing.pem',
    })
  })

  it.each(['', '..', 'a/b', '.hidden', 'a\0', 'x'.repeat(65)])('are refused for the id %j', (inventoryId) => {
    expect(code(() => ask({ inventoryId }))).toBe('CONFIG_INVALID')
  })
})

describe('a network file system', () => {
  const probe = (types: Record<string, number>, mounts = ''): MountProbe => ({
    statfs: (dir) => {
      const type = types[dir]
      if (type === undefined) throw Object.assign(new Error('not there'), { code: 'ENOENT' })
      return { type }
    },
    mounts: () => mounts,
  })
  const refused = (dir: string, p: MountProbe) => code(() => refuseNetworkFileSystem(dir, p, 'linux'))

  it.each([
    ['NFS', 0x6969],
    ['SMB2', 0xfe534d42],
    ['SMB2, as a negative number', 0xfe534d42 | 0],
    ['CIFS', 0xff534d42],
    ['Ceph', 0x00c36400],
  ])('%s is refused', (_, type) => {
    expect(refused('/mnt/state', probe({ '/mnt/state': type }))).toBe('NETWORK_STATE')
  })

  it.each([
    ['ext4', 0xef53],
    ['tmpfs', 0x01021994],
    ['overlayfs', 0x794c7630],
    ['9p', 0x01021997],
    ['btrfs', 0x9123683e],
  ])('%s passes', (_, type) => {
    expect(refused('/mnt/state', probe({ '/mnt/state': type }))).toBe('done')
  })

  it('is known by the nearest folder that exists', () => {
    expect(refused('/mnt/a/b/c', probe({ '/mnt': 0x6969, '/': 0xef53 }))).toBe('NETWORK_STATE')
    expect(refused('/mnt/a/b/c', probe({ '/mnt': 0xef53, '/': 0x6969 }))).toBe('done')
  })

  it('behind FUSE is told by the mount table', () => {
    const mounts = [
      '22 1 8:1 / / rw - ext4 /dev/sda1 rw',
      '40 22 0:50 / /mnt/my\\040host rw shared:1 - fuse.sshfs h:/ rw',
      '41 22 0:51 / /mnt/plain rw - fuse.gocryptfs x rw',
      '',
    ].join('\n')
    const fuse = 0x65735546
    expect(refused('/mnt/my host/state', probe({ '/mnt/my host/state': fuse }, mounts))).toBe('NETWORK_STATE')
    expect(refused('/mnt/my hostage', probe({ '/mnt/my hostage': fuse }, mounts))).toBe('done')
    expect(refused('/mnt/plain/state', probe({ '/mnt/plain/state': fuse }, mounts))).toBe('done')
  })

  it('is not what this machine keeps its temporary files on', () => {
    refuseNetworkFileSystem(path.join(tmpdir(), 'not', 'there'))
  })
})

describe('the state folder', () => {
  const question = (state: string, project: string, declared = false) => ({
    paths: statePaths({ inventoryId: 'kt_demo', override: state, env: {}, uid: 1000, home: '/home/me' }),
    project,
    declared,
  })

  it.each([0, 0o022, 0o077])('is made with its parents, for its owner alone, under the umask %o', (umask) => {
    const old = process.umask(umask)
    onTestFinished(() => void process.umask(old))
    const dir = folder()
    const asked = question(path.join(dir, 'a', 'b'), '/project')
    expect(checkStateFolder(asked)).toBe(false)
    makeStateFolder(asked)
    makeStateFolder(asked)
    expect(checkStateFolder(asked)).toBe(true)
    for (const made of [path.join(dir, 'a'), asked.paths.state, asked.paths.locks]) expect(statSync(made).mode & 0o777).toBe(0o700)
  })

  it('is refused inside the project, also through a link, unless the inventory says so', () => {
    const dir = folder()
    mkdirSync(path.join(dir, 'project'))
    symlinkSync(path.join(dir, 'project'), path.join(dir, 'link'))
    expect(code(() => checkStateFolder(question(path.join(dir, 'project', 'state'), path.join(dir, 'project'))))).toBe('STATE_IN_PROJECT')
    expect(code(() => checkStateFolder(question(path.join(dir, 'link', 'state'), path.join(dir, 'project'))))).toBe('STATE_IN_PROJECT')
    expect(code(() => checkStateFolder(question(path.join(dir, 'project-2'), path.join(dir, 'project'))))).toBe('done')
    expect(code(() => checkStateFolder(question(path.join(dir, 'project', 'state'), path.join(dir, 'project'), true)))).toBe('done')
  })

  it('that others may enter is refused with the chmod that mends it', () => {
    const dir = folder()
    mkdirSync(path.join(dir, 'kt_demo'), { mode: 0o755 })
    expect(code(() => checkStateFolder(question(dir, '/project')))).toBe('STATE_INSECURE')
    writeFileSync(path.join(dir, 'file'), '')
    expect(code(() => makeStateFolder(question(path.join(dir, 'file'), '/project')))).toBe('FILE_UNREADABLE')
  })

  it('in which a restore was killed is refused until that is ended', () => {
    const dir = folder()
    const asked = question(dir, '/project')
    makeStateFolder(asked)
    mkdirSync(restoreFolder(asked.paths.state))
    expect(code(() => checkStateFolder(asked))).toBe('RESTORE_NEEDED')
    expect(code(() => makeStateFolder(asked))).toBe('RESTORE_NEEDED')
    expect(checkStateFolder({ ...asked, restoring: true })).toBe(true)
  })
})
