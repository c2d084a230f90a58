import { expect, test } from 'vitest'
import { newOperation } from './testing/server-spec.ts'
import { TestAgent } from './testing/test-agent.ts'

test('enrols, connects, installs, starts, shows the console, answers a command and stops', async () => {
  await using agent = await TestAgent.start()
  const { panel } = agent
  const spec = await agent.installed()
  const start = await agent.power(spec.id, 'start')
  expect(await panel.untilFinished(start)).toMatchObject({ status: 'succeeded', server: spec.id })
  await panel.untilState(spec.id, 'running')
  await panel.untilLine('ready')

  await panel.call('server.command', { server: spec.id, command: 'hello', ...newOperation() })
  await panel.untilLine('got hello')
  const stop = await agent.power(spec.id, 'stop')
  await panel.untilState(spec.id, 'offline')
  expect(await panel.untilFinished(stop)).toMatchObject({ status: 'succeeded' })
  expect(panel.reportOf(spec.id)).toMatchObject({ run: 1, install: 'installed', exit: { reason: 'stopped', code: 0 } })
  const ids = panel.lines.map(({ run, line }) => `${run}:${line}`)
  expect(new Set(ids).size).toBe(ids.length)
})
