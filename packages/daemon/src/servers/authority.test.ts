import { describe, expect, test } from 'vitest'
import { newOperation, serverSpec } from '../testing/server-spec.ts'
import { TestAgent } from '../testing/test-agent.ts'

const generation = (n: number) => ({ epoch: 1, n })
const STALE = expect.objectContaining({ code: 'OPERATION_STALE' })

describe('authority over a server', () => {
  test('only rises: an older grant is refused whatever its generation, and changes nothing', async () => {
    await using agent = await TestAgent.start()
    const spec = serverSpec({ authorityEpoch: 3 })
    expect(await agent.panel.call('server.apply', { spec })).toMatchObject({ authorityEpoch: 3 })
    const older = { ...spec, generation: generation(9), authorityEpoch: 2, name: 'Taken' }
    await expect(agent.panel.call('server.apply', { spec: older })).rejects.toEqual(STALE)
    const { authorityEpoch: _none, ...without } = older
    await expect(agent.panel.call('server.apply', { spec: without })).rejects.toEqual(STALE)
    const { servers } = await agent.panel.call('server.list', {})
    expect(servers).toMatchObject([{ name: 'A server', generation: spec.generation, authorityEpoch: 3 }])

    const newer = { ...spec, generation: generation(2), authorityEpoch: 4, name: 'Granted' }
    expect(await agent.panel.call('server.apply', { spec: newer })).toMatchObject({
      name: 'Granted',
      authorityEpoch: 4,
    })
  })

  test('is remembered over a restart, and after the server was deleted', async () => {
    await using agent = await TestAgent.start()
    const spec = serverSpec({ authorityEpoch: 7 })
    await agent.panel.call('server.apply', { spec })
    await agent.stop()
    await agent.start()
    const older = { ...spec, generation: generation(5), authorityEpoch: 6 }
    await expect(agent.panel.call('server.apply', { spec: older })).rejects.toEqual(STALE)

    const operation = newOperation()
    await agent.panel.call('server.delete', { server: spec.id, generation: generation(6), ...operation })
    await agent.panel.untilFinished(operation.operation)
    const again = { ...spec, generation: generation(8), authorityEpoch: 6 }
    await expect(agent.panel.call('server.apply', { spec: again })).rejects.toEqual(STALE)
    await agent.panel.call('server.apply', { spec: { ...again, authorityEpoch: 8 } })
  })

  test('of a panel that grants none is not asked for', async () => {
    await using agent = await TestAgent.start()
    const spec = serverSpec()
    const report = await agent.panel.call('server.apply', { spec })
    expect(report.authorityEpoch).toBeUndefined()
  })
})
