import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { AppError } from '../errors/index.ts'
import { acceptAgent, type AcceptOptions } from './accept-agent.ts'
import { connectToPanel } from './connect-to-panel.ts'
import { memoryOutbox } from './memory-outbox.ts'
import { socketPair } from './socket-pair.ts'
import {
  NODE,
  SECRET,
  acceptOptions,
  agentHello,
  connectOptions,
  manualTimers,
  openLink,
  rejectionOf,
  panelHello,
  tryLink,
} from './test-link.ts'

const refused = (code: string) => expect.objectContaining({ name: 'AppError', code })

describe('who may connect', () => {
  test('refuses an agent with a wrong secret, and never asks the panel about its hello', async () => {
    const onHello = vi.fn<AcceptOptions['onHello']>(async () => panelHello())
    const outcome = await tryLink({ accept: { onHello }, connect: { secret: new Uint8Array(32).fill(8) } })

    expect(outcome).toEqual([refused('HANDSHAKE_FAILED'), refused('HANDSHAKE_FAILED')])
    expect(onHello).not.toHaveBeenCalled()
  })

  test('answers an unknown key id exactly like a wrong secret', async () => {
    const [wrongSecret] = await tryLink({ connect: { secret: new Uint8Array(32).fill(8) } })
    const [unknownKey] = await tryLink({ connect: { keyId: 'nobody' } })

    expect((unknownKey as AppError).toBody()).toEqual((wrongSecret as AppError).toBody())
  })

  test('refuses an agent that names another node than the upgrade request did', async () => {
    const [panel] = await tryLink({ connect: { node: 'another-node' } })

    expect(panel).toEqual(refused('HANDSHAKE_FAILED'))
  })

  test('refuses a panel that does not know the secret, even if it lets everybody in', async () => {
    const pair = socketPair()
    const agent = connectToPanel(pair.b, connectOptions())
    const panel = acceptAgent(pair.a, NODE, acceptOptions({ findSecret: async () => new Uint8Array(32).fill(9) }))

    await expect(agent).rejects.toEqual(refused('HANDSHAKE_FAILED'))
    await expect(panel).rejects.toEqual(refused('HANDSHAKE_FAILED'))
  })

  test('tells a proven agent why the panel refuses it', async () => {
    const onHello = async () => {
      throw new AppError('INSTALLATION_MISMATCH')
    }
    const outcome = await tryLink({ accept: { onHello } })

    expect(outcome).toEqual([refused('INSTALLATION_MISMATCH'), refused('INSTALLATION_MISMATCH')])
  })

  test('does not tell the agent what failed inside the panel', async () => {
    const onHello = async () => {
      throw new TypeError('the database password is hunter2')
    }
    const [panel, agent] = await tryLink({ accept: { onHello } })

    expect(panel).toBeInstanceOf(TypeError)
    expect(agent).toEqual(refused('INTERNAL'))
    expect((agent as AppError).message).not.toContain('hunter2')
  })
})

describe('what the wire shows', () => {
  test('neither hello can be read', async () => {
    const pair = socketPair()
    const accepting = acceptAgent(pair.a, NODE, acceptOptions())
    const connecting = connectToPanel(pair.b, connectOptions({ hello: () => agentHello({ incarnation: 'x' }) }))
    const outcomes = await Promise.allSettled([accepting, connecting])
    const wire = Buffer.concat(pair.log.map((message) => message.data)).toString('latin1')

    expect(outcomes).toHaveLength(2)
    expect(wire).not.toContain('Debian')
    expect(wire).not.toContain('sessionEpoch')
    expect(pair.log.slice(0, 3).map((message) => message.side)).toEqual(['a', 'b', 'a'])
  })

  test('a recorded proof is worth nothing in another connection', async () => {
    const first = socketPair()
    await Promise.allSettled([acceptAgent(first.a, NODE, acceptOptions()), connectToPanel(first.b, connectOptions())])
    const proof = first.log.find((message) => message.side === 'b')
    const second = socketPair()
    const accepting = acceptAgent(second.a, NODE, acceptOptions())
    second.b.onMessage(() => second.b.send(proof?.data ?? new Uint8Array()))

    await expect(accepting).rejects.toEqual(refused('HANDSHAKE_FAILED'))
  })

  test('a panel does not take its own messages for those of an agent', async () => {
    const pair = socketPair()
    const accepting = acceptAgent(pair.a, NODE, acceptOptions())
    pair.b.onMessage((data) => pair.b.send(data))

    await expect(accepting).rejects.toEqual(refused('HANDSHAKE_FAILED'))
  })

  test('an agent does not take its own proof for that of the panel', async () => {
    const panel = socketPair()
    const agent = socketPair()
    void acceptAgent(panel.a, NODE, acceptOptions()).catch(() => {})
    panel.b.onMessage((challenge) => agent.a.send(challenge))
    agent.a.onMessage((proof) => agent.a.send(proof))

    await expect(connectToPanel(agent.b, connectOptions())).rejects.toEqual(refused('HANDSHAKE_FAILED'))
    panel.cut()
  })

  test('no session comes of a handshake in which any bit was changed', async () => {
    const position = fc.record({ message: fc.integer({ min: 0, max: 2 }), at: fc.nat(), bit: fc.nat(7) })
    await fc.assert(
      fc.asyncProperty(position, async ({ message, at, bit }) => {
        let sent = 0
        const onHello = vi.fn<AcceptOptions['onHello']>(async () => panelHello())
        const [, agent] = await tryLink({
          accept: { onHello },
          pair: {
            fault(_side, data) {
              if (sent++ !== message) return undefined
              const changed = Uint8Array.from(data)
              const index = at % changed.length
              changed[index] = (changed[index] ?? 0) ^ (1 << bit)
              return { replace: changed }
            },
          },
        })
        expect(agent).toBeInstanceOf(AppError)
        // A changed answer is only seen by the agent; before that, the panel must not have believed anything.
        expect(onHello.mock.calls.length).toBeLessThanOrEqual(message < 2 ? 0 : 1)
      }),
      { numRuns: 200 },
    )
  })

  test('a key of low order is refused', async () => {
    const pair = socketPair()
    const connecting = connectToPanel(pair.b, connectOptions())
    const challenge = {
      protocol: { minimum: 1, maximum: 1 },
      panel: { name: 'x', version: '1' },
      features: [],
      challenge: Buffer.alloc(32, 1).toString('base64url'),
      key: Buffer.alloc(32).toString('base64url'),
    }
    pair.a.send(Buffer.concat([Buffer.of(1), Buffer.from(JSON.stringify(challenge))]))

    await expect(connecting).rejects.toEqual(refused('HANDSHAKE_FAILED'))
  })
})

describe('versions and features', () => {
  test('an agent that needs a newer protocol than the panel speaks says so to both', async () => {
    expect(await tryLink({ connect: { minimumVersion: 2 } })).toEqual([
      refused('PROTOCOL_VERSION'),
      refused('PROTOCOL_VERSION'),
    ])
  })

  test('a panel that needs a newer protocol than the agent speaks says so to both', async () => {
    expect(await tryLink({ accept: { minimumVersion: 2 } })).toEqual([
      refused('PROTOCOL_VERSION'),
      refused('PROTOCOL_VERSION'),
    ])
  })

  test.each(['accept', 'connect'] as const)('a feature that %s requires and the other lacks ends it', async (side) => {
    const [panel, agent] = await tryLink({ [side]: { requiredFeatures: ['teleport'] } })

    expect([panel, agent]).toEqual([refused('PROTOCOL_VERSION'), refused('PROTOCOL_VERSION')])
    expect((agent as AppError).details).toMatchObject({ missing: ['teleport'] })
  })
})

describe('time', () => {
  test('clocks that differ by a year connect, and both sides know by how much', async () => {
    const year = 365 * 24 * 3600 * 1000
    await using link = await openLink({ connect: { now: () => 1_700_000_000_000 - year } })

    expect(link.panel.clockOffsetMs).toBe(-year)
    expect(link.agent.clockOffsetMs).toBe(year)
  })

  test.each(['panel', 'agent'] as const)('the %s gives up on a peer that says nothing', async (side) => {
    const timers = manualTimers()
    const pair = socketPair()
    const waiting =
      side === 'panel'
        ? acceptAgent(pair.a, NODE, acceptOptions({ timers }))
        : connectToPanel(pair.b, connectOptions({ timers }))
    const rejection = rejectionOf(waiting)
    await timers.advance(15_000)

    expect(await rejection).toEqual(refused('HANDSHAKE_FAILED'))
    expect(timers.pending).toBe(0)
  })

  test('a connection that is cut at any message ends in a clean error on both sides', async () => {
    for (let at = 0; at < 3; at++) {
      let sent = 0
      const [panel, agent] = await tryLink({ pair: { fault: () => (sent++ === at ? 'close' : undefined) } })
      expect(agent).toEqual(refused('HANDSHAKE_FAILED'))
      // With the last message the panel has said everything: its session ends as soon as it began.
      expect(panel).toMatchObject(at < 2 ? { code: 'HANDSHAKE_FAILED' } : { hello: { installation: 'installation-1' } })
    }
  })

  test('a message larger than a frame is refused before anybody has proved anything', async () => {
    const pair = socketPair()
    const accepting = acceptAgent(pair.a, NODE, acceptOptions())
    pair.b.send(new Uint8Array(65_537))

    await expect(accepting).rejects.toEqual(refused('PROTOCOL_VIOLATION'))
  })
})

test('an agent that goes away while the panel decides leaves a session that has ended', async () => {
  const pair = socketPair()
  const accepting = acceptAgent(
    pair.a,
    NODE,
    acceptOptions({
      async onHello() {
        pair.cut()
        return panelHello()
      },
    }),
  )
  const connecting = rejectionOf(connectToPanel(pair.b, connectOptions()))
  const session = await accepting

  expect(await session.closed).toContain('the connection was cut')
  expect(await connecting).toEqual(refused('HANDSHAKE_FAILED'))
})

test('a hello with a wrong field is refused with the name of the field', async () => {
  const hello = agentHello()
  const [panel] = await tryLink({ connect: { hello: () => ({ ...hello, host: { ...hello.host, cpuCount: 1.5 } }) } })

  expect((panel as AppError).message).toContain('/host/cpuCount')
})

test('a secret that is too short is refused before anything is sent under it', async () => {
  const [, agent] = await tryLink({ connect: { secret: new Uint8Array(16) } })

  expect(agent).toBeInstanceOf(RangeError)
})

test('an outbox that is older than what the panel has stored begins a new incarnation', async () => {
  const outbox = memoryOutbox()
  const before = outbox.incarnation
  const [, agent] = await tryLink({
    connect: { outbox },
    accept: { onHello: async () => panelHello({ storedSeq: 40 }) },
  })

  expect(agent).toEqual(refused('HANDSHAKE_FAILED'))
  expect(outbox.incarnation).not.toBe(before)
  await using link = await openLink({ connect: { outbox } })
  expect(link.panel.hello.incarnation).toBe(outbox.incarnation)
})

test('the secret is the only thing that both sides have to share beforehand', async () => {
  const secret = crypto.getRandomValues(new Uint8Array(32))
  await using link = await openLink({ accept: { findSecret: async () => secret }, connect: { secret, keyId: 'key-2' } })

  expect(link.panel.agent.keyId).toBe('key-2')
  expect(SECRET).not.toEqual(secret)
})
