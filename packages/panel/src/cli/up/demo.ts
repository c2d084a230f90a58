import { readFile } from 'node:fs/promises'
import { createServer as listenOn } from 'node:net'
import type { Client, Egg, Server } from '@hatchery/core/sdk'
import { findAsset } from './asset.ts'
import { importDemoImage } from './demo-image.ts'

const NAME = 'Demo chat server'

/** Calls back whenever a server of the panel changed; answers how to stop that. */
export type OnChange = (listener: () => void) => () => void

/**
 * Creates a small server from the bundled egg and starts it; a second start of the panel finds it by its external id.
 * @returns the server, running
 */
export async function ensureDemo(
  client: Client,
  onServerChange: OnChange,
  owner: string,
  update: (detail: string) => void,
): Promise<Server> {
  update('making its image')
  await importDemoImage()
  const { data: found } = await client.listServers({ query: { scope: 'all', search: NAME } })
  const known = found.find((server) => server.name === NAME)
  const server = known ?? (await createDemo(client, owner, update))
  return waitUntilRunning(client, onServerChange, server.id, update)
}

async function createDemo(client: Client, owner: string, update: (detail: string) => void): Promise<Server> {
  update('importing its egg')
  const egg = await importDemoEgg(client)
  update('creating it')
  const address = await findUnusedAddress(client)
  const { server } = await client.createServer({
    body: {
      ...address,
      name: NAME,
      description: 'Made by --demo. Connect with telnet to its address and watch the console.',
      egg: egg.id,
      owner,
      limits: { memoryMiB: 256, swapMiB: 0, diskMiB: 512, cpuPercent: 100, cpuPinning: null, ioWeight: 500, pids: 64 },
      startWhenInstalled: true,
    },
  })
  return server
}

/** A free address whose port no other program of this machine holds; nothing where every one is taken. */
async function findUnusedAddress(client: Client): Promise<{ readonly node?: string; readonly allocation?: string }> {
  const { data: nodes } = await client.listNodes({ query: { limit: 100 } })
  for (const { id: node } of nodes.filter(({ status }) => status === 'online')) {
    const { data: free } = await client.listAllocations({ params: { node }, query: { free: true, limit: 100 } })
    for (const { id: allocation, port } of free) if (await isUnused(port)) return { node, allocation }
  }
  return {}
}

function isUnused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = listenOn()
    server.once('error', () => resolve(false))
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)))
  })
}

async function importDemoEgg(client: Client): Promise<Egg> {
  const text = await readFile(findAsset('egg-demo.json'), 'utf8')
  const { data: nests } = await client.listNests({ query: { limit: 100 } })
  const nest =
    nests.find((one) => one.name === 'Examples') ??
    (await client.createNest({ body: { name: 'Examples', description: 'Small eggs to look around with.' } }))
  return client.importEgg({ body: { nest: nest.id, fileName: 'egg-demo.json', text, onExisting: 'update' } })
}

/** Looks whenever a server changed, so that nothing polls; starts it when it stands still. */
async function waitUntilRunning(
  client: Client,
  onServerChange: OnChange,
  id: string,
  update: (detail: string) => void,
): Promise<Server> {
  const { promise: done, resolve, reject } = Promise.withResolvers<void>()
  let hasBegun = false
  const look = async () => {
    const server = await client.getServer({ params: { server: id } })
    update(server.state)
    if (server.state === 'starting') hasBegun = true
    if (server.state === 'running') resolve()
    else if (server.state === 'offline' && hasBegun) reject(new Error('it ended while starting; look at its console'))
    else if (server.state === 'install_failed') reject(new Error('its installation failed; look at its page'))
  }
  const unsubscribe = onServerChange(() => void look().catch(reject))
  const timeout = setTimeout(() => reject(new Error('it did not start within two minutes; look at its page')), 120_000)
  try {
    const server = await client.getServer({ params: { server: id } })
    if (server.state === 'offline' && server.isInstalled)
      await client.powerServer({ params: { server: id }, body: { action: 'start' } })
    await look()
    await done
    return await client.getServer({ params: { server: id } })
  } finally {
    clearTimeout(timeout)
    unsubscribe()
  }
}
