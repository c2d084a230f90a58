import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { hasEngine, importBusybox } from './runtimes/test-engine.ts'
import { killUnderLoad } from './testing/kill-under-load.ts'

const RUNTIMES = [
  'process' as const,
  ...(hasEngine('the agent killed under console load, on Docker') ? ['docker' as const] : []),
]

test.each(RUNTIMES)(
  'an agent killed under console load: the server lives, the console goes on without gap or repetition (%s)',
  async (runtime) => {
    const image = 'hatchery-agent-test/busybox:1'
    if (runtime === 'docker') importBusybox(image)
    const dataDirectory = mkdtempSync(join(tmpdir(), 'hatchery-agent-kill-'))
    try {
      const result = await killUnderLoad({ runtime, image, dataDirectory, kills: 2 })
      expect(result.faults).toEqual([])
      expect(result.lines).toBeGreaterThan(500)
      expect(Math.max(...result.recoveryMs)).toBeLessThan(5_000)
    } finally {
      rmSync(dataDirectory, { recursive: true, force: true })
    }
  },
  60_000,
)
