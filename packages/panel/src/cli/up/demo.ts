import { readFile } from 'node:fs/promises'
import type { Client, Egg, Server } from '@hatchery/core/sdk'
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
  const { server } = await client.createServer({
    body: {
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

async function importDemoEgg(client: Client): Promise<Egg> {
  const text = await readFile(new URL('../../../assets/egg-demo.json', import.meta.url), 'utf8')
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
  const look = async () => {
    const server = await client.getServer({ params: { server: id } })
    update(server.state)
    if (server.state === 'running') resolve()
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
