import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import type { Bus } from './bus.ts'
import { openBus } from './open-bus.ts'

const log = pino({ level: 'silent' })
const redisUrl = process.env['HATCHERY_TEST_REDIS']
if (redisUrl === undefined) {
  if (process.env['HATCHERY_CI'] === '1') throw new Error('CI needs HATCHERY_TEST_REDIS.')
  console.log('skipped: Redis bus (HATCHERY_TEST_REDIS is not set)')
}

const next = (bus: Bus, topic: Parameters<Bus['subscribe']>[0]) => {
  const { promise, resolve } = Promise.withResolvers<unknown>()
  const stop = bus.subscribe(topic, resolve)
  return promise.finally(stop)
}

for (const [name, url] of [
  ['memory', null],
  ...(redisUrl === undefined ? [] : [['Redis', redisUrl] as const]),
] as const) {
  describe(`the ${name} bus`, () => {
    test('delivers in order to every subscriber of a topic, until it stops listening', async () => {
      const bus = await openBus(url, log)
      const heard: unknown[] = []
      const stop = bus.subscribe('servers', (message) => heard.push(message))
      bus.subscribe('nodes', () => heard.push('wrong topic'))
      bus.publish('servers', { id: 1 })
      bus.publish('servers', { id: 2 })
      expect(heard).toEqual([{ id: 1 }, { id: 2 }])
      stop()
      bus.publish('servers', { id: 3 })
      expect(heard).toHaveLength(2)
      await bus.close()
    })

    test('a listener that throws is no other listener’s loss', async () => {
      const bus = await openBus(url, log)
      const heard: unknown[] = []
      bus.subscribe('servers', () => {
        throw new Error('bug')
      })
      bus.subscribe('servers', (message) => heard.push(message))
      bus.publish('servers', 1)
      expect(heard).toEqual([1])
      await bus.close()
    })
  })
}

describe.skipIf(redisUrl === undefined)('two instances on Redis', () => {
  test('hear each other, each message once', async () => {
    const [a, b] = [await openBus(redisUrl!, log), await openBus(redisUrl!, log)]
    const atA: unknown[] = []
    a.subscribe('operations', (message) => atA.push(message))
    const atB = next(b, 'operations')
    a.publish('operations', { uuid: 'x' })
    expect(await atB).toEqual({ uuid: 'x' })
    const back = next(a, 'nodes')
    b.publish('nodes', 'pong')
    expect(await back).toBe('pong')
    expect(atA).toEqual([{ uuid: 'x' }])
    await a.close()
    await b.close()
  })

  test('notice that they missed something when the connection was cut', async () => {
    const { Redis } = await import('ioredis')
    const admin = new Redis(redisUrl!)
    const [a, b] = [await openBus(redisUrl!, log), await openBus(redisUrl!, log)]
    const { promise, resolve } = Promise.withResolvers<void>()
    b.onReconnect(resolve)
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await promise
    const heard = next(b, 'servers')
    // Sent until it is heard: both sides are still on their way back.
    const sending = setInterval(() => a.publish('servers', 'again'), 20)
    expect(await heard).toBe('again')
    clearInterval(sending)
    await Promise.all([a.close(), b.close()])
    admin.disconnect()
  })
})
