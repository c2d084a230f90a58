import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { NameServer } from './name-server.ts'

/** Stands for the internet: the host allows this one address. */
export const PUBLIC_ADDRESS = '127.0.0.2'

/** A network of this process alone, where every connection is counted. */
export interface Network extends AsyncDisposable {
  readonly names: NameServer
  /** Of a server at the public address that leads wherever its path says. */
  readonly publicPort: number
  /** Lets everything through, uncounted. */
  rest(): void
  /** Counts from zero, and lets calls to the panel's port through uncounted. */
  watch(panelPort: number): void
  /** Connections that were begun since then. */
  counted(): { readonly forbidden: number; readonly allowed: number }
}

const run = (command: string, ...args: string[]): string => execFileSync(command, args, { encoding: 'utf8' })
const nft = (rules: string): string => execFileSync('nft', ['-f', '-'], { input: rules, encoding: 'utf8' })

export async function enterNetwork(): Promise<Network> {
  const folder = mkdtempSync(path.join(tmpdir(), 'hatchery-prove-outbound-'))
  // Whatever has a route leaves through a device that leads nowhere, after it was counted.
  run('ip', 'link', 'set', 'lo', 'up')
  run('ip', 'link', 'add', 'out0', 'type', 'veth', 'peer', 'name', 'nowhere')
  run('ip', 'link', 'set', 'nowhere', 'up')
  run('ip', 'link', 'set', 'out0', 'up')
  run('ip', 'addr', 'add', '11.0.0.2/24', 'dev', 'out0')
  run('ip', 'route', 'add', 'default', 'dev', 'out0')
  run('ip', '-6', 'route', 'add', 'default', 'dev', 'out0')
  const resolver = path.join(folder, 'resolv.conf')
  writeFileSync(resolver, 'nameserver 127.0.0.1\noptions timeout:2 attempts:1\n')
  run('mount', '--make-rprivate', '/')
  run('mount', '--bind', resolver, '/etc/resolv.conf')

  const names = await NameServer.open('127.0.0.1')
  const server = await openPublicServer()
  const { port } = server.address() as AddressInfo
  return {
    names,
    publicPort: port,
    rest: () => void nft('table inet prove\ndelete table inet prove\n'),
    watch(panelPort) {
      nft(`
        table inet prove {
          counter forbidden {}
          counter allowed {}
          chain out {
            type filter hook output priority 0;
            ip daddr 127.0.0.1 udp dport 53 accept
            ip saddr 127.0.0.1 udp sport 53 accept
            ip daddr 127.0.0.1 tcp dport ${panelPort} accept
            ip daddr ${PUBLIC_ADDRESS} tcp dport ${port} tcp flags & (syn | ack) == syn counter name allowed accept
            tcp flags & (syn | ack) == syn counter name forbidden reject with tcp reset
            meta l4proto udp counter name forbidden reject
          }
        }`)
    },
    counted: () => ({ forbidden: packetsOf('forbidden'), allowed: packetsOf('allowed') }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await names[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const packetsOf = (counter: string): number =>
  Number(/packets (\d+)/.exec(run('nft', 'list', 'counter', 'inet', 'prove', counter))?.[1] ?? Number.NaN)

async function openPublicServer(): Promise<Server> {
  const server = createServer((request, response) => {
    const to = /^\/to\/([^/?]+)/.exec(request.url ?? '')?.[1]
    if (to === undefined) response.end('{"meta": {"version": "PTDL_v2"}, "name": "Public"}')
    else response.writeHead(302, { location: Buffer.from(decodeURIComponent(to)).toString('latin1') }).end()
  })
  server.listen(0, PUBLIC_ADDRESS)
  await once(server, 'listening')
  return server
}
