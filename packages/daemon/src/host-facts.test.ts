import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { AGENT_VERSION } from './host-facts.ts'

test('the agent says the version of its package', () => {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  expect(AGENT_VERSION).toBe((JSON.parse(text) as { version: string }).version)
})
