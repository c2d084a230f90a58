import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, connect, type AddressInfo } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawn, spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import type { RuntimeSpec } from '@hatchery/core/runtime'
import { createDirectoryVolumes } from '../../volumes/index.ts'
import { hasEngine, importBusybox, run } from '../test-engine.ts'
import { firewallRules, nameServersOf, removeFirewall } from './firewall.ts'
import { createDockerRuntime } from './index.ts'

const IMAGE = 'hatchery-test/firewall:latest'
const POOL = '10.214.24.0/24'
const PORT = 39_921

test('lets answers and name servers pass before it drops', () => {
  const rules = firewallRules(POOL, ['192.168.1.1'], ['192.168.7.10/32']).split('\n')
  const at = (text: RegExp) => rules.findIndex((rule) => text.test(rule))
  expect(at(/HATCHERY-F.*ESTABLISHED -j RETURN/)).toBeLessThan(at(/-d 192\.168\.1\.1\/32 -p udp --dport 53 -j RETURN/))
  expect(at(/-d 192\.168\.1\.1\/32 -p tcp --dport 53 -j RETURN/)).toBeLessThan(at(/-d 192\.168\.0\.0\/16 -j DROP/))
  expect(at(/HATCHERY-F.*-d 192\.168\.7\.10\/32 -j RETURN/)).toBeLessThan(at(/-d 192\.168\.0\.0\/16 -j DROP/))
  expect(rules.some((rule) => /-d 169\.254\.0\.0\/16 -j DROP/.test(rule))).toBe(true)
  expect(nameServersOf('search x\nnameserver 10.0.0.1\nnameserver 127.0.0.53\nnameserver ::1\n')).toEqual(['10.0.0.1'])
})

const canFilter = process.getuid?.() === 0 && spawnSync('iptables', ['-S', 'DOCKER-USER']).status === 0
const isHere = hasEngine('docker packet filter')

test.runIf(isHere && canFilter)(
  'a server reaches neither this machine nor a neighbour, and players reach the server',
  { timeout: 60_000 },
  async () => {
    importBusybox(IMAGE)
    const root = await mkdtemp(join(tmpdir(), 'runtimes-firewall-'))
    const volumes = createDirectoryVolumes({ root })
    const installation = `firewall-${randomUUID()}`
    const owner = { uid: 70_021, gid: 70_021 }
    const limits = { memoryMiB: 64, swapMiB: 0, diskMiB: 0, cpuPercent: 0, cpuPinning: null, ioWeight: 500, pids: 64 }
    const makeSpec = async (allocations: RuntimeSpec['allocations'], startup: string): Promise<RuntimeSpec> => {
      const server = randomUUID()
      const { dataDirectory } = await volumes.create(server, owner)
      return {
        server,
        image: IMAGE,
        startup,
        environment: {},
        limits,
        allocations,
        dataDirectory,
        ...owner,
        subnet: null,
      }
    }
    const ofHost = createServer((socket) => socket.end('host')).listen(0, '0.0.0.0')
    await once(ofHost, 'listening')
    const { port } = ofHost.address() as AddressInfo
    const hostAddress = Object.values(networkInterfaces())
      .flat()
      .find((entry) => entry?.family === 'IPv4' && !entry.internal)!.address

    const game = await makeSpec(
      [{ ip: '0.0.0.0', port: PORT, alias: null, isPrimary: true }],
      `while true; do echo game | nc -l -p ${PORT}; done`,
    )
    const spy = await makeSpec([], 'sleep 1000')
    const reach = async (address: string, to: number): Promise<string> => {
      const child = spawn('docker', ['exec', `hatchery-${spy.server}`, 'nc', '-w', '1', address, String(to)], {
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      return (await child.stdout.toArray()).join('')
    }
    const addressOf = (server: string) =>
      run('docker', [
        'inspect',
        '--format',
        '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{.Gateway}}{{end}}',
        `hatchery-${server}`,
      ])
        .trim()
        .split(' ')

    try {
      for (const firewall of [false, true]) {
        await using runtime = createDockerRuntime({ installation, subnetPool: POOL, firewall })
        for (const spec of [game, spy]) {
          await runtime.create(spec)
          await runtime.start(spec.server)
        }
        const [gameAddress = ''] = addressOf(game.server)
        const [, gateway = ''] = addressOf(spy.server)
        // Without the rules it gets through: what the rules are for.
        expect([await reach(gateway, port), await reach(hostAddress, port)]).toEqual(
          firewall ? ['', ''] : ['host', 'host'],
        )
        expect(await reach(gameAddress, PORT)).toBe('')
        if (firewall) expect(await reach(hostAddress, PORT)).toBe('')
        expect(await readAll('127.0.0.1', PORT)).toBe('game\n')
        expect(await readAll(hostAddress, PORT)).toBe('game\n')
        expect(runtime.warnings).toEqual([])
        for (const spec of [game, spy]) await runtime.remove(spec.server)
      }
    } finally {
      await using runtime = createDockerRuntime({ installation, firewall: false })
      for (const spec of [game, spy]) await runtime.remove(spec.server)
      await removeFirewall(POOL)
      ofHost.close()
      await rm(root, { recursive: true, force: true })
    }
  },
)

/** The game listens anew for each player, so a first knock may come too early. */
async function readAll(host: string, port: number): Promise<string> {
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    const text = await new Promise<string>((resolve) => {
      let received = ''
      const socket = connect({ host, port })
      socket.on('data', (bytes) => {
        received += bytes.toString()
        socket.end()
      })
      socket.on('error', () => resolve(received))
      socket.on('close', () => resolve(received))
    })
    if (text !== '') return text
    await new Promise((resolve) => setImmediate(resolve))
  }
  return ''
}
