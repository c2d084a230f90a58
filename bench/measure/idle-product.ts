import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { startProduct } from '../../test/product.ts'
import { pssMiBOf } from '../load.ts'
import { createMemoryGroup } from './memory-group.ts'

export interface IdleProduct {
  /** Milliseconds from `npm start` to the ready line on an installed tree, later starts, in the order they were made. */
  readonly readyMs: readonly number[]
  readonly panelPssMiB: number
  readonly agentPssMiB: number
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
    for (let trial = 0; trial < 2; trial += 1) {
      const again = await startProduct({ dataDirectory })
      readyMs.push(again.startedInMs)
      await again.stop()
    }
    using group = createMemoryGroup(LIMIT_MIB)
    const product = await group.spawnInside(() => startProduct({ dataDirectory }))
    readyMs.push(product.startedInMs)
    try {
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
      const [panelPssMiB, agentPssMiB] = [pssMiBOf(product.pid), pssMiBOf(product.agentPid ?? product.pid)]
      const { data } = await product.client.listServers({ query: { scope: 'all' } })
      return {
        readyMs,
        panelPssMiB,
        agentPssMiB,
        groupPeakMiB: group.peakMiB(),
        groupAnonymousMiB: group.anonymousMiB(),
        groupKills: group.kills(),
        isServerRunning: data.some((server) => server.state === 'running'),
      }
    } finally {
      for (const { id } of (await product.client.listServers({ query: { scope: 'all' } })).data)
        await product.client.powerServer({ params: { server: id }, body: { action: 'kill' } })
      await product.stop()
    }
  } finally {
    rmSync(dataDirectory, { recursive: true, force: true })
  }
}
