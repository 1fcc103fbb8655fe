import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type AsteriskProgram, MODULES } from './asterisk-program.ts'

export interface AriUser {
  readonly name: string
  readonly password: string
  readonly readOnly?: boolean
  /** `crypt`: the password is a crypt(3) hash. Default: `plain`. */
  readonly format?: 'plain' | 'crypt'
}

export interface AsteriskSettings {
  readonly ariPort: number
  readonly amiPort: number
  readonly amiUser: string
  readonly amiPassword: string
  /** The whole of ari.conf. */
  readonly ari: string
}

/** An ari.conf with these users and nothing else. */
export function renderAri(users: readonly AriUser[]): string {
  const sections = users.map(
    ({ name, password, readOnly = false, format = 'plain' }) =>
      `\n[${name}]\ntype = user\nread_only = ${readOnly ? 'yes' : 'no'}\npassword = ${password.replaceAll(';', '\\;')}\npassword_format = ${format}\n`,
  )
  return `[general]\nenabled = yes\npretty = no\n${sections.join('')}`
}

/** Writes all that Asterisk reads into `folder`, and nothing outside it. */
export function configure(folder: string, program: AsteriskProgram, settings: AsteriskSettings): void {
  const etc = path.join(folder, 'etc')
  for (const name of ['etc', 'run', 'log', 'spool', 'lib', 'cache']) mkdirSync(path.join(folder, name), { recursive: true })
  const write = (name: string, text: string) => writeFileSync(path.join(etc, `${name}.conf`), text, { mode: 0o600 })

  for (const name of ['stasis', 'cli_permissions', 'acl', 'sorcery']) {
    const sample = path.join(program.root, 'etc/asterisk', `${name}.conf`)
    if (existsSync(sample)) copyFileSync(sample, path.join(etc, `${name}.conf`))
  }
  // 22 logs an error at each reload where websocket_client.conf is missing.
  for (const name of 'extensions cdr cel indications udptl features ccss codecs dsp cli websocket_client'.split(' ')) write(name, '[general]\n')
  write('asterisk', asteriskConf(folder, program))
  const there = MODULES.filter((name) => existsSync(path.join(program.modules, `${name}.so`)))
  write('modules', `[modules]\nautoload=no\n${there.map((name) => `load = ${name}.so\n`).join('')}`)
  write('http', `[general]\nenabled = yes\nbindaddr = 127.0.0.1\nbindport = ${settings.ariPort}\nprefix =\nsessionlimit = 100\n`)
  const rights = 'system,config,command'
  write(
    'manager',
    `[general]\nenabled = yes\nbindaddr = 127.0.0.1\nport = ${settings.amiPort}\n\n[${settings.amiUser}]\nsecret = ${settings.amiPassword}\n` +
      `read = ${rights}\nwrite = ${rights}\ndeny = 0.0.0.0/0.0.0.0\npermit = 127.0.0.1/255.255.255.255\n`,
  )
  write('logger', '[general]\ndateformat=%F %T.%3q\n[logfiles]\nmessages.log => notice,warning,error\n')
  write('ari', settings.ari)
}

function asteriskConf(folder: string, program: AsteriskProgram): string {
  const directories = {
    ...{ astcachedir: `${folder}/cache`, astetcdir: `${folder}/etc`, astmoddir: program.modules, astvarlibdir: `${folder}/lib`, astdbdir: `${folder}/lib` },
    ...{ astkeydir: `${folder}/lib`, astdatadir: `${program.root}/usr/share/asterisk`, astagidir: `${program.root}/usr/share/asterisk/agi-bin` },
    ...{ astspooldir: `${folder}/spool`, astrundir: `${folder}/run`, astlogdir: `${folder}/log`, astsbindir: `${program.root}/usr/sbin` },
  }
  const lines = Object.entries(directories).map(([name, value]) => `${name} => ${value}`)
  return `[directories]\n${lines.join('\n')}\n[options]\nnocolor = yes\n`
}
