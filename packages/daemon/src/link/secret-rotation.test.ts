import { expect, test } from 'vitest'
import { TestAgent } from '../testing/test-agent.ts'

const bytesOf = (secret: string) => Buffer.from(secret, 'base64url')

async function rotate(agent: TestAgent, keyId: string): Promise<Buffer> {
  const { secret } = await agent.panel.call('node.rotateSecret', { keyId })
  return bytesOf(secret)
}

async function reconnect(agent: TestAgent): Promise<void> {
  const { sessions } = agent.panel
  agent.panel.disconnect()
  await agent.panel.until(() => agent.panel.sessions > sessions && agent.panel.isConnected, 'the agent is back')
}

test('a new secret is used from the next connection on, and after a restart', { timeout: 30_000 }, async () => {
  await using agent = await TestAgent.start()
  agent.panel.secrets.set('k2', await rotate(agent, 'k2'))
  expect((await rotate(agent, 'k2')).equals(agent.panel.secrets.get('k2')!)).toBe(true)
  await reconnect(agent)
  agent.panel.secrets.delete('k1')
  await agent.stop()
  await agent.start()
  expect(agent.panel.keyIds).toEqual(['k1', 'k2', 'k2'])
})

test(
  'a rotation that broke off before the panel stored it leaves an agent that connects, and can be repeated',
  { timeout: 30_000 },
  async () => {
    await using agent = await TestAgent.start()
    await rotate(agent, 'k2')
    await reconnect(agent)
    expect(agent.panel.keyIds).toEqual(['k1', 'k1'])
    agent.panel.secrets.set('k3', await rotate(agent, 'k3'))
    await reconnect(agent)
    expect(agent.panel.keyIds.at(-1)).toBe('k3')
  },
)

test('a panel restored from an older copy is met with the secret before', { timeout: 30_000 }, async () => {
  await using agent = await TestAgent.start()
  const { panel } = agent
  const old = panel.secrets.get('k1')!
  panel.secrets.set('k2', await rotate(agent, 'k2'))
  panel.secrets.delete('k1')
  await reconnect(agent)
  panel.secrets.clear()
  panel.secrets.set('k1', old)
  await reconnect(agent)
  expect(panel.keyIds).toEqual(['k1', 'k2', 'k1'])
})

test(
  'a secret that the panel made up is no use to it: the agent answers its own only',
  { timeout: 30_000 },
  async () => {
    await using agent = await TestAgent.start()
    agent.panel.secrets.set('k2', Buffer.alloc(32, 1))
    await rotate(agent, 'k2')
    await reconnect(agent)
    expect(agent.panel.keyIds.at(-1)).toBe('k1')
  },
)
