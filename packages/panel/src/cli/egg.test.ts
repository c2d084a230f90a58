import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const main = fileURLToPath(new URL('../main.ts', import.meta.url))
const egg = fileURLToPath(new URL('../../assets/egg-demo.json', import.meta.url))

const hatchery = (...argv: string[]) =>
  spawnSync(process.execPath, ['--conditions=@hatchery/source', main, ...argv], { encoding: 'utf8' })

test('hatchery egg is the command of core, with its exit codes', () => {
  const inspected = hatchery('egg', 'inspect', '--json', egg)
  expect(inspected.status).toBe(0)
  expect(JSON.parse(inspected.stdout)).toMatchObject({ status: 'clean', egg: { name: 'Demo chat server' } })
  expect(hatchery('egg', 'lint', 'no-such-file.json').status).toBe(2)
  expect(hatchery('egg', 'hatch').status).toBe(64)
})
