import { expectTypeOf, test } from 'vitest'
import type { AgentHandlers, AgentSession, PanelSession } from './session.ts'

test('a call takes the parameters of its method and gives its result', () => {
  const readStats = (panel: PanelSession) => panel.call('server.stats', { server: 'id' })
  expectTypeOf(readStats).returns.resolves.toHaveProperty('stats')
  expectTypeOf<Awaited<ReturnType<AgentHandlers['server.power']>>>().toEqualTypeOf<{
    state: 'offline' | 'starting' | 'running' | 'stopping'
  }>()
  expectTypeOf<Parameters<AgentHandlers['server.command']>[0]['command']>().toBeString()
})

test('an agent emits ephemeral events only', () => {
  expectTypeOf<Parameters<AgentSession['emit']>[0]['name']>().toEqualTypeOf<
    'console' | 'stats' | 'files.changed' | 'progress'
  >()
})
