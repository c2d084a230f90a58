import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { parseCidr } from './subnets.ts'

/** Networks that no game server has business in: this machine's, the LAN's, and where clouds answer with credentials. */
const PRIVATE = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '224.0.0.0/3',
]

const ANSWERS = '-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN'

/** Chains of one pool: `forward` for what leaves a bridge, `input` for what goes to this machine. */
export function chainNames(pool: string) {
  const mark = createHash('sha256').update(pool).digest('hex').slice(0, 8)
  return { forward: `HATCHERY-F-${mark}`, input: `HATCHERY-I-${mark}` }
}

/**
 * The rules as `iptables-restore` reads them (RULES 19). Answers to connections from outside pass, so published ports work;
 * name servers pass; everything else from a server to a private network, another server or this machine is dropped.
 */
export function firewallRules(pool: string, nameServers: readonly string[], allowed: readonly string[] = []): string {
  const { forward, input } = chainNames(pool)
  const names = (chain: string) =>
    nameServers.flatMap((address) =>
      ['udp', 'tcp'].map((protocol) => `-A ${chain} -d ${address}/32 -p ${protocol} --dport 53 -j RETURN`),
    )
  return [
    '*filter',
    `:${forward} - [0:0]`,
    `:${input} - [0:0]`,
    `-A ${forward} ${ANSWERS}`,
    ...names(forward),
    ...allowed.map((range) => `-A ${forward} -d ${range} -j RETURN`),
    ...PRIVATE.map((range) => `-A ${forward} -d ${range} -j DROP`),
    `-A ${input} ${ANSWERS}`,
    ...names(input),
    ...allowed.map((range) => `-A ${input} -d ${range} -j RETURN`),
    `-A ${input} -j DROP`,
    'COMMIT',
    '',
  ].join('\n')
}

/** IPv4 name servers of a resolver configuration; those on loopback are reached by the engine itself. */
export function nameServersOf(resolvConf: string): string[] {
  const addresses = [...resolvConf.matchAll(/^\s*nameserver\s+(\d+\.\d+\.\d+\.\d+)\s*$/gm)].map(
    (match) => match[1] ?? '',
  )
  return addresses.filter((address) => !address.startsWith('127.'))
}

/** Puts the rules in place; safe to repeat. Throws where iptables is missing or not allowed. */
export async function applyFirewall(pool: string, dns: readonly string[], allowed: readonly string[]): Promise<void> {
  for (const range of allowed) parseCidr(range)
  const resolvConf = await readFile('/etc/resolv.conf', 'utf8').catch(() => '') // without one there is no name server to let through
  const nameServers = [...nameServersOf(resolvConf), ...dns.filter((address) => /^\d+\.\d+\.\d+\.\d+$/.test(address))]
  const restore = spawn('iptables-restore', ['-w', '5', '--noflush'], { stdio: ['pipe', 'ignore', 'pipe'] })
  restore.stdin.on('error', () => undefined) // it ended early; its exit code is looked at
  restore.stdin.end(firewallRules(pool, nameServers, allowed))
  let complaint = ''
  restore.stderr.on('data', (bytes: Buffer) => (complaint += bytes.toString()))
  const [code] = (await once(restore, 'close')) as [number | null]
  if (code !== 0) throw new Error(complaint.trim() || `iptables-restore ended with ${code}`)
  const { forward, input } = chainNames(pool)
  await jump('DOCKER-USER', pool, forward)
  await jump('INPUT', pool, input)
}

/** Removes what {@link applyFirewall} made. */
export async function removeFirewall(pool: string): Promise<void> {
  const { forward, input } = chainNames(pool)
  for (const [from, chain] of [
    ['DOCKER-USER', forward],
    ['INPUT', input],
  ] as const) {
    if (await hasJump(from, pool, chain)) await iptables('-D', from, '-s', pool, '-j', chain)
    if (!(await succeeds('-S', chain))) continue
    await iptables('-F', chain)
    await iptables('-X', chain)
  }
}

async function jump(from: string, pool: string, chain: string): Promise<void> {
  if (!(await hasJump(from, pool, chain))) await iptables('-I', from, '1', '-s', pool, '-j', chain)
}

const hasJump = (from: string, pool: string, chain: string) => succeeds('-C', from, '-s', pool, '-j', chain)

const succeeds = (...args: readonly string[]) =>
  iptables(...args).then(
    () => true,
    () => false,
  )

async function iptables(...args: readonly string[]): Promise<void> {
  await promisify(execFile)('iptables', ['-w', '5', ...args])
}
