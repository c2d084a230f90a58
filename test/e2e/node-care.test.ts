import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { startProduct, until, type Product } from '../product.ts'

const WAIT_MS = 30_000

/** What an administrator does to the panel's file with other tools, or a restored copy: the row of a server is not there. */
function loseServer(dataDirectory: string, server: string): void {
  const file = new DatabaseSync(path.join(dataDirectory, 'panel.sqlite'))
  file.exec('pragma foreign_keys = on')
  file
    .prepare('update allocations set server_id = null where server_id in (select id from servers where uuid = ?)')
    .run(server)
  file.prepare('delete from servers where uuid = ?').run(server)
  file.close()
}

test(
  'a node gets a new secret, and a server that the panel has lost is adopted, and removed',
  { timeout: 180_000 },
  async () => {
    const dataDirectory = mkdtempSync(path.join(os.tmpdir(), 'hatchery-care-'))
    const args = ['--runtime', 'process']
    let product: Product = await startProduct({ dataDirectory, args: [...args, '--demo'] })
    const { apiKey } = product
    const again = async () => {
      await product.stop()
      loseServer(dataDirectory, server.id)
      product = await startProduct({ dataDirectory, args, apiKey })
    }
    const stateOf = async (id: string) => (await product.client.getServer({ params: { server: id } })).state
    const orphans = async () => (await product.client.listOrphans({ params: { node: node.id } })).data
    const node = (await product.client.listNodes({})).data[0]!
    const listed = (await product.client.listServers({ query: { scope: 'all' } })).data[0]!
    const server = await product.client.getServer({ params: { server: listed.id } })
    try {
      const rotated = await product.client.rotateNodeSecret({ params: { node: node.id } })
      expect(rotated.isRotatingSecret).toBe(true)
      await until(
        async () => {
          const { status, isRotatingSecret } = await product.client.getNode({ params: { node: node.id } })
          return status === 'online' && !isRotatingSecret
        },
        WAIT_MS,
        'the agent comes with its new secret',
      )
      expect(await stateOf(server.id)).toBe('running')

      await again()
      await until(async () => (await orphans()).length === 1, WAIT_MS, 'the orphan is listed')
      expect(await orphans()).toMatchObject([
        { server: server.id, name: server.name, elsewhere: null, isRemoving: false },
      ])
      const { egg, limits, owner } = server
      const body = { egg: egg.id, limits, owner: owner.id, name: 'Found again' }
      const adopted = await product.client.adoptOrphan({ params: { node: node.id, server: server.id }, body })
      expect(adopted.id).toBe(server.id)
      // Its files are there, and what ran runs again.
      await until(async () => (await stateOf(server.id)) === 'running', WAIT_MS, 'the adopted server runs')
      expect(await orphans()).toEqual([])

      await again()
      await until(async () => (await orphans()).length === 1, WAIT_MS, 'the orphan is listed again')
      const files = path.join(dataDirectory, 'agent', 'volumes', server.id)
      expect(existsSync(files)).toBe(true)
      const { operation } = await product.client.removeOrphan({ params: { node: node.id, server: server.id } })
      await until(
        async () => (await product.client.getOperation({ params: { operation } })).status === 'succeeded',
        WAIT_MS,
        'the orphan is removed',
      )
      expect(existsSync(files)).toBe(false)
      expect(await orphans()).toEqual([])
    } finally {
      await product.stop()
      rmSync(dataDirectory, { recursive: true, force: true })
    }
  },
)
