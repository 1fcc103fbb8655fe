import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'

/** What `ari-client.ts` starts: logs in until its stdin ends, then prints its report as JSON. */

const [url = '', envFile = '', userVar = '', passwordVar = ''] = process.argv.slice(2)
const users = new Set<string>()
let [accepted, refused, failed, longestGapMs] = [0, 0, 0, 0]
let lastAccepted: number | null = null
let isGap = false
let isOver = false
process.stdin.on('end', () => {
  isOver = true
})
process.stdin.resume()

while (!isOver) {
  const env = readEnv()
  const status = env === null ? 0 : await login(env.user, env.password)
  if (status === 200 && env !== null) {
    const now = performance.now()
    if (isGap && lastAccepted !== null) longestGapMs = Math.max(longestGapMs, now - lastAccepted)
    isGap = false
    lastAccepted = now
    users.add(env.user)
    accepted++
    if (accepted === 1) process.stdout.write('ready\n')
  } else {
    isGap = true
    if (status === 401) refused++
    else failed++
  }
  await pause(3)
}
process.stdout.write(
  `${JSON.stringify({ logins: accepted + refused + failed, accepted, refused, failed, longestGapMs: Math.round(longestGapMs), users: [...users] })}\n`,
)

/** The two variables, as a simple reader of env files sees them. */
function readEnv(): { user: string; password: string } | null {
  try {
    const text = readFileSync(envFile, 'utf8')
    const value = (name: string): string => new RegExp(`^(?:export )?${name}=(["']?)(.*?)\\1\\s*$`, 'm').exec(text)?.[2] ?? ''
    return { user: value(userVar), password: value(passwordVar) }
  } catch {
    return null
  }
}

/** On a connection of its own. 0: no answer. */
function login(user: string, password: string): Promise<number> {
  return new Promise((resolve) => {
    const sent = request(`${url}/asterisk/info?only=status`, { agent: false, auth: `${user}:${password}`, timeout: 5000 }, (answer) => {
      answer.resume()
      answer.on('end', () => resolve(answer.statusCode ?? 0))
      answer.on('error', () => resolve(0))
    })
    sent.on('timeout', () => sent.destroy())
    sent.on('error', () => resolve(0))
    sent.end()
  })
}
