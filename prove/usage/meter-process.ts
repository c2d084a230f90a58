// The agent's meter alone, in a process of its own that the suite kills: it reads the counters of a "server" from a file, as an
// agent reads those of the kernel, and counts as fast as it can.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { FactStore } from '../../packages/daemon/src/state/fact-store.ts'
import { StateOutbox } from '../../packages/daemon/src/state/outbox.ts'
import { StateFile } from '../../packages/daemon/src/state/state-file.ts'
import { UsageMeter } from '../../packages/daemon/src/usage/usage-meter.ts'
import type { World } from './world.ts'

const [directory = '', once] = process.argv.slice(2)
const state = StateFile.open(path.join(directory, 'agent.sqlite'))
const meter = new UsageMeter({ state, facts: new FactStore(state), outbox: new StateOutbox(state) })
for (let ticks = 0; ; ticks++) {
  const { server, run, monoMs, wallMs } = JSON.parse(readFileSync(path.join(directory, 'world.json'), 'utf8')) as World
  const reading = { diskBytes: 0, endedAt: null, run: { ...run, cpuPercent: 0, memoryBytes: 2 ** 20 } }
  meter.observe(new Map([[server, reading]]), { bootId: 'boot', monoMs, wallMs })
  if (ticks === 0) process.send?.('counting')
  if (once !== undefined) break
  await pause(1)
}
process.send?.(meter.totals((JSON.parse(readFileSync(path.join(directory, 'world.json'), 'utf8')) as World).server))
state.close()
process.disconnect?.()
