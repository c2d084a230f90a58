import { expect, test } from 'vitest'
import { isDurableEvent } from './durable-event.ts'

test.each([
  [{ name: 'lost', data: { count: 1, at: 0, more: 'from a newer agent' } }, true],
  [{ name: 'lost', data: { count: 'many', at: 0 } }, false],
  [{ name: 'lost', data: null }, false],
  [{ name: 'server.teleported', data: {} }, false],
  [{ name: 'toString', data: {} }, false],
])('%j is a durable event: %s', (event, isOurs) => {
  expect(isDurableEvent(event)).toBe(isOurs)
})
