import { expect, test } from 'vitest'
import { AppError } from '../errors/index.ts'
import { memoryOutbox } from './memory-outbox.ts'
import type { EphemeralEvent } from './methods.ts'
import type { SequencedEvent } from './session.ts'
import { NODE, SERVER, agentHello, openLink, panelHello } from './test-link.ts'

test('both sides learn the hello, the features in common and the version of the other', async () => {
  await using link = await openLink()

  expect(link.panel.hello).toMatchObject({ ...agentHello(), incarnation: expect.any(String) })
  expect(link.agent.hello).toEqual(panelHello())
  expect(link.panel.features).toEqual(['console'])
  expect(link.agent.features).toEqual(['console'])
  expect(link.panel.agent).toEqual({ version: '0.1.0', keyId: 'key-1' })
  expect(link.agent.panel).toEqual({ name: 'Test panel', version: '0.1.0' })
})

test('calls a method of the agent and returns its result', async () => {
  await using link = await openLink({
    connect: {
      handlers: { 'server.power': async ({ action }) => ({ state: action === 'start' ? 'starting' : 'offline' }) },
    },
  })

  const params = { server: SERVER, action: 'start', operation: NODE, requestedBy: 'ada', lifetimeMs: 60_000 } as const
  await expect(link.panel.call('server.power', params)).resolves.toEqual({ state: 'starting' })
})

test('hands the code, message and details of an error of the agent to the caller', async () => {
  await using link = await openLink({
    connect: {
      handlers: {
        'server.stats': async ({ server }) => {
          throw new AppError('SERVER_NOT_FOUND', { id: server })
        },
      },
    },
  })

  await expect(link.panel.call('server.stats', { server: SERVER })).rejects.toMatchObject({
    code: 'SERVER_NOT_FOUND',
    status: 404,
    message: `Server ${SERVER} does not exist.`,
    details: { id: SERVER },
  })
})

test('delivers durable events in order and clears them from the outbox when they were stored', async () => {
  const outbox = memoryOutbox()
  for (let run = 1; run <= 1000; run++) {
    outbox.append({ name: 'lost', data: { count: run, at: 0 } }, run)
  }
  const stored: SequencedEvent[] = []
  const { promise: allStored, resolve } = Promise.withResolvers<void>()
  await using link = await openLink({
    connect: { outbox },
    accept: {
      handlers: () => ({
        async onEvents(events) {
          stored.push(...events)
          if (stored.length >= 1001) resolve()
        },
        onEphemeral() {},
      }),
    },
  })
  outbox.append({ name: 'lost', data: { count: 1001, at: 0 } }, 1001)
  link.agent.flushOutbox()
  await allStored

  expect(stored.map((event) => event.seq)).toEqual(Array.from({ length: 1001 }, (_, index) => index + 1))
  await expect.poll(() => outbox.acknowledgedSeq).toBe(1001)
})

test('joins the console lines of one server within a tick into one event', async () => {
  const events: EphemeralEvent[] = []
  const { promise: arrived, resolve } = Promise.withResolvers<void>()
  await using link = await openLink({
    accept: {
      handlers: () => ({
        async onEvents() {},
        onEphemeral(event) {
          events.push(event)
          resolve()
        },
      }),
    },
  })
  const line = (number: number) => ({ run: 1, line: number, at: 0, kind: 'out' as const, text: `line ${number}` })
  link.agent.emit({ name: 'console', data: { server: SERVER, lines: [line(1)] } })
  link.agent.emit({ name: 'console', data: { server: SERVER, lines: [line(2), line(3)] } })
  await arrived

  expect(events).toEqual([{ name: 'console', data: { server: SERVER, lines: [line(1), line(2), line(3)] } }])
})
