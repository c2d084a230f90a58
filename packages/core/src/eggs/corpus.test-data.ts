import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import type { EggServer } from './server.ts'

const repository = fileURLToPath(new URL('../../../../', import.meta.url))
const root = `${process.env['HATCHERY_EGGS'] ?? `${repository}../shared/eggs`}/`

/** False where the corpus is not there; then the groups that need it are skipped, and say so. */
export const hasCorpus = existsSync(`${root}manifest.json`)
if (!hasCorpus) {
  const message = `skipped: egg corpus (no ${root}manifest.json; set HATCHERY_EGGS)`
  if (process.env['HATCHERY_CI'] === '1') throw new Error(message)
  console.log(message)
}

export interface CorpusRow {
  readonly path: string
  readonly version: string
  readonly valid: boolean
  readonly name: string
  readonly variables: number
}

export const corpusRows = (): readonly CorpusRow[] =>
  (JSON.parse(readFileSync(`${root}manifest.json`, 'utf8')) as { files: CorpusRow[] }).files

/** The folder of all eggs. */
export const corpusRoot = `${root}corpus`

export const readCorpusFile = (path: string): Uint8Array => readFileSync(`${corpusRoot}/${path}`)

export const readOracle = (name: string): unknown => JSON.parse(readFileSync(`${root}oracle/${name}`, 'utf8'))

export const readOracleLines = <T>(name: string): T[] =>
  gunzipSync(readFileSync(`${root}oracle/${name}`))
    .toString('utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T)

export const fixture = (name: string): string =>
  readFileSync(new URL(`../../test/fixtures/eggs/${name}`, import.meta.url), 'utf8')

/** The server that the recorded answers were made for. */
export const labServer: EggServer = {
  uuid: '00000000-0000-4000-8000-000000000001',
  name: 'Lab server',
  location: 'lab',
  image: 'hatchery/lab:1',
  memoryMiB: 4096,
  swapMiB: 512,
  diskMiB: 10_240,
  cpuPercent: 200,
  ioWeight: 500,
  threads: null,
  isOomKillerEnabled: true,
  allocation: { ip: '192.0.2.10', port: 25_565, alias: null },
  furtherAllocations: [{ ip: '192.0.2.10', port: 25_566, alias: null }],
  allocationLimit: 3,
  timezone: 'Europe/Brussels',
  variables: {},
}
