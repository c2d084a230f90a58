import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { createEndpoints } from './index.ts'

const allocation = (ip: string, port: number, isPrimary: boolean, alias: string | null = null) => ({
  ip,
  port,
  alias,
  isPrimary,
})

test('names the address that players use, the primary one first', async () => {
  const allocations = [
    allocation('198.51.100.7', 2000, false),
    allocation('0.0.0.0', 1000, true),
    allocation('0.0.0.0', 3000, false, 'play.example.org'),
  ]
  const endpoints = createEndpoints({ allocationsOf: () => allocations, publicHost: '203.0.113.9' })
  const found = await endpoints.of('any')
  expect(found.map(({ host, port }) => `${host}:${port}`)).toEqual([
    '203.0.113.9:1000',
    '198.51.100.7:2000',
    'play.example.org:3000',
  ])
  expect(found.every((endpoint) => endpoint.stable && endpoint.protocols.length === 2)).toBe(true)
})

test('finds ports that another program holds, over TCP or UDP alone', async () => {
  const tcp = createServer().listen(0, '127.0.0.1')
  const udp = createSocket('udp4').bind(0, '127.0.0.1')
  await Promise.all([once(tcp, 'listening'), once(udp, 'listening')])
  const ports = [(tcp.address() as AddressInfo).port, udp.address().port]
  const endpoints = createEndpoints({ allocationsOf: () => [] })
  expect(await endpoints.conflicts(ports.map((port) => ({ ip: '127.0.0.1', port })))).toEqual(ports)
  tcp.close()
  udp.close()
  await Promise.all([once(tcp, 'close'), once(udp, 'close')])
  expect(await endpoints.conflicts(ports.map((port) => ({ ip: '127.0.0.1', port })))).toEqual([])
})
