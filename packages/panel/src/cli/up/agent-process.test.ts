import { expect, test } from 'vitest'
import { environmentOf } from './agent-process.ts'

test('the agent inherits the environment without the secrets of the panel', () => {
  const own = {
    PATH: '/bin',
    HATCHERY_PORTS: '1-2',
    HATCHERY_ADMIN_PASSWORD: 'x',
    HATCHERY_DATABASE_URL: 'postgres://a:b@c',
  }
  expect(environmentOf(own)).toEqual({ PATH: '/bin', HATCHERY_PORTS: '1-2' })
})
