// The panel alone, as the benchmarks load it: node bench/panel.ts DATABASE-URL. Prints its address when it listens.
import { mkdtempSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { createPanel } from '@hatchery/panel'

const panel = await createPanel({
  database: process.argv[2]!,
  masterKey: { directory: mkdtempSync(path.join(os.tmpdir(), 'hatchery-bench-')) },
  rateLimits: false,
  log: 'error',
})
console.log(await panel.listen({ port: 0, host: '127.0.0.1' }))
process.once('SIGTERM', () => void panel.close().then(() => process.exit(0)))
