import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { freePort, startProduct, type Product } from '../../test/product.ts'
import { cpuSecondsOf, pairedMiBOf, pssMiBOf } from '../load.ts'
import { removeServers } from './remove-servers.ts'
import { createMemoryGroup } from './memory-group.ts'

export interface Memory {
  /** Proportional, as the kernel counts it now. */
  readonly pssMiB: number
  /** The same if nothing but panel and agent shared their libraries. */
  readonly pairedMiB: number
}

export interface IdleProduct {
  /** Milliseconds from `npm start` to the ready line on an installed tree, later starts, in the order they were made. */
  readonly readyMs: readonly number[]
  /** Processor seconds of panel and agent until a client was signed in, the least. */
  readonly readyCpuSeconds: number
  readonly panel: Memory
  readonly agent: Memory
  readonly groupPeakMiB: number
  readonly groupAnonymousMiB: number
  readonly groupKills: number
  /** The server of the demo ran all the time; its container counts outside of the group. */
  readonly isServerRunning: boolean
}

const IDLE_MS = 60_000
const LIMIT_MIB = 512

let measured: Promise<IdleProduct> | undefined

/** Installs, stops, starts three times more, and looks at the last one after a minute in which nobody asked for anything. */
export function measureIdleProduct(): Promise<IdleProduct> {
  return (measured ??= measure())
}

async function measure(): Promise<IdleProduct> {
  const dataDirectory = mkdtempSync(path.join(os.tmpdir(), 'hatchery-idle-'))
  try {
    const first = await startProduct({ dataDirectory, args: ['--demo'] })
    await first.stop()
    const readyMs: number[] = []
    const readyCpu: number[] = []
    const note = (product: Product) => {
      readyMs.push(product.startedInMs)
      readyCpu.push(cpuSecondsOf(product.pid) + cpuSecondsOf(product.agentPid ?? product.pid))
    }
    for (let trial = 0; trial < 3; trial += 1) {
      const again = await startProduct({ dataDirectory })
      note(again)
      await again.stop()
    }
    const port = await freePort()
    using group = createMemoryGroup(LIMIT_MIB)
    const product = await group.spawnInside(() => startProduct({ dataDirectory, port }))
    note(product)
    try {
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
      const [panel, agent] = [memoryOf(product.pid), memoryOf(product.agentPid ?? product.pid)]
      const { data } = await product.client.listServers({ query: { scope: 'all' } })
      return {
        readyMs,
        readyCpuSeconds: Math.min(...readyCpu),
        panel,
        agent,
        groupPeakMiB: group.peakMiB(),
        groupAnonymousMiB: group.anonymousMiB(),
        groupKills: group.kills(),
        isServerRunning: data.some((server) => server.state === 'running'),
      }
    } finally {
      await removeServers(product)
      await product.stop()
    }
  } finally {
    rmSync(dataDirectory, { recursive: true, force: true })
  }
}

function memoryOf(pid: number): Memory {
  return { pssMiB: pssMiBOf(pid), pairedMiB: pairedMiBOf(pid) }
}
