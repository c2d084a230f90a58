// Creates a server from an egg, starts it and prints its console.
//   HATCHERY_URL=http://127.0.0.1:8080 HATCHERY_KEY=hk_… node bot.js <egg id> [seconds to watch]
import { createClient, createLiveClient } from '@hatchery/core/sdk'

const { HATCHERY_URL: url = 'http://127.0.0.1:8080', HATCHERY_KEY: key } = process.env
const [egg, seconds] = process.argv.slice(2)
if (!key || !egg) throw new Error('Set HATCHERY_KEY and name an egg: node bot.js <egg id> [seconds]')

const client = createClient({ url, key })
const live = createLiveClient({ url, key })

const owner = await client.getAccount()
const { server, operation } = await client.createServer({
  body: {
    name: 'Made by a bot',
    owner: owner.id,
    egg,
    limits: { memoryMiB: 512, swapMiB: 0, diskMiB: 1024, cpuPercent: 100, cpuPinning: null, ioWeight: 500, pids: 256 },
  },
})
console.log(`Created ${server.name} (${server.shortId}) on ${server.node.name}; its address is ${server.address}.`)

await new Promise((resolve, reject) => {
  const look = (job) => {
    if (job.id !== operation) return
    console.log(`Installation: ${job.status}, ${job.phase} ${job.progress?.detail ?? ''}`)
    if (job.status === 'succeeded') resolve()
    else if (job.finishedAt) reject(new Error(job.error?.message ?? job.status))
  }
  const jobs = live.subscribe('operations', (event) => look(event.operation))
  // What happened before the subscription began is read once.
  jobs.ready
    .then(() => client.getOperation({ params: { operation } }))
    .then(look)
    .catch(reject)
})

live.subscribe(`server:${server.id}`, ({ state }) => console.log(`The server is ${state}.`))
live.subscribe(`server-console:${server.id}`, ({ lines }) => lines.forEach(({ text }) => console.log(`> ${text}`)))
await client.powerServer({ params: { server: server.id }, body: { action: 'start' } })
if (seconds) setTimeout(() => live.close(), Number(seconds) * 1000)
