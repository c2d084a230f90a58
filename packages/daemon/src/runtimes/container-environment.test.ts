import { expect, test } from 'vitest'
import { containerEnvironment } from './container-environment.ts'

const at = (ip: string) => [{ ip, port: 25_565, alias: null, isPrimary: true }]

test.each(['127.0.0.1', '203.0.113.7', '2001:db8::7'])('a game at %s binds to every address of its container', (ip) => {
  const environment = containerEnvironment({ environment: { SERVER_IP: ip, OTHER: ip }, allocations: at(ip) })
  expect(environment).toEqual({ SERVER_IP: '0.0.0.0', OTHER: ip })
})

test('an address that is no allocation is what somebody wants', () => {
  const environment = { SERVER_IP: '198.51.100.1' }
  expect(containerEnvironment({ environment, allocations: at('203.0.113.7') })).toEqual(environment)
  expect(containerEnvironment({ environment: {}, allocations: [] })).toEqual({})
})
