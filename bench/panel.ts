// The panel alone, as the benchmarks load it: node bench/panel.ts DATABASE-URL. Prints its address when it listens.
import { createHash } from 'node:crypto'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { createPanel } from '@hatchery/panel'

const database = process.argv[2]!
// One key for each database: a database that was opened with another one refuses to start.
const key = createHash('sha256').update(database).digest('hex').slice(0, 12)
const panel = await createPanel({
  database,
  masterKey: { directory: path.join(os.tmpdir(), `hatchery-bench-key-${key}`) },
  rateLimits: false,
  log: 'error',
})
console.log(await panel.listen({ port: 0, host: '127.0.0.1' }))
process.once('SIGTERM', () => void panel.close().then(() => process.exit(0)))
