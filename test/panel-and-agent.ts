import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEnrolmentToken } from '@hatchery/core/api'
import { createClient } from '@hatchery/core/sdk'
import { createDaemon, type DaemonOptions } from '../packages/daemon/src/create-daemon.ts'
import { createEndpoints } from '../packages/daemon/src/endpoints/index.ts'
import { createVolumeFileTree } from '../packages/daemon/src/files/index.ts'
import { createMemoryRuntime } from '../packages/daemon/src/runtimes/memory/index.ts'
import { createDirectoryVolumes } from '../packages/daemon/src/volumes/index.ts'
import { createTestNode } from '../packages/panel/src/nodes/test-node.ts'
import { until } from '../packages/panel/src/nodes/until.ts'

/** A panel and an agent, both real, over a real socket; only the game is none. */
export async function startPanelAndAgent(options: Pick<DaemonOptions, 'web'> = {}) {
  const node = await createTestNode({ isConnected: false })
  const { panel, url, client } = node
  const dataDirectory = mkdtempSync(join(tmpdir(), 'hatchery-e2e-files-'))
  await panel.ctx.store.transaction(async (trx) => {
    // The installation that the test node was enrolled with makes room for the agent's.
    await trx.updateTable('nodes').set({ installation: null }).execute()
  })
  const { body } = await client.call(createEnrolmentToken, { params: { node: node.node } })
  const runtime = createMemoryRuntime()
  const daemon = await createDaemon({
    dataDirectory,
    panelUrl: url,
    enrolmentToken: async () => body.token,
    log: panel.ctx.log,
    ...options,
    parts: () => ({
      runtime,
      volumes: createDirectoryVolumes({ root: join(dataDirectory, 'volumes') }),
      files: createVolumeFileTree,
      endpoints: createEndpoints({ allocationsOf: () => [] }),
      outlivesAgent: true,
    }),
  })
  await daemon.start()
  await daemon.connected()
  await until(async () => {
    const row = await panel.ctx.db.selectFrom('nodes').select('instance').executeTakeFirst()
    return row?.instance !== null
  }, 'the connection')
  const server = await node.createServer()
  return {
    server: server.id,
    data: join(dataDirectory, 'volumes', server.id, 'data-1'),
    dataOf: (id: string) => join(dataDirectory, 'volumes', id, 'data-1'),
    node,
    sdk: createClient({ url, headers: { ...client.headers, origin: url } }),
    async [Symbol.asyncDispose]() {
      await daemon.stop()
      await node[Symbol.asyncDispose]()
      rmSync(dataDirectory, { recursive: true })
    },
  }
}
