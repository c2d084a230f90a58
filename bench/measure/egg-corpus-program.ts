// A process of its own, so that nothing is compiled or loaded before it is measured. Prints `EggCosts`.
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import type * as Eggs from '../../packages/core/src/eggs/index.ts'

const library = process.argv[2] ?? ''
const corpus = process.argv[3] ?? ''

function spent(since = 0): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000 - since
}

const beforeImport = spent()
const { parseEgg, compileRules, validateValue, processConfiguration } = (await import(
  pathToFileURL(library).href
)) as typeof Eggs
const importMs = spent(beforeImport)

const { files } = JSON.parse(readFileSync(`${corpus}/manifest.json`, 'utf8')) as { files: { path: string }[] }
const read = files.map(({ path }) => ({ path, bytes: readFileSync(`${corpus}/corpus/${path}`) }))

const beforeParse = spent()
const eggs: Eggs.Egg[] = []
for (const { path, bytes } of read) {
  const { egg } = await parseEgg(bytes, { fileName: path })
  if (egg) eggs.push(egg)
}
const parseMs = spent(beforeParse)

const beforeRules = spent()
let variables = 0
let passing = 0
for (const { variables: each } of eggs) {
  for (const { rules, defaultValue } of each) {
    variables++
    if (validateValue(compileRules(rules), defaultValue).ok) passing++
  }
}
const rulesMs = spent(beforeRules)

const beforeProcess = spent()
let configFiles = 0
for (const egg of eggs) {
  const server: Eggs.EggServer = {
    uuid: '00000000-0000-4000-8000-000000000001',
    name: 'Bench',
    location: 'lab',
    image: egg.images[0]?.value ?? '',
    memoryMiB: 4096,
    swapMiB: 0,
    diskMiB: 10_240,
    cpuPercent: 100,
    ioWeight: 500,
    threads: null,
    isOomKillerEnabled: true,
    allocation: { ip: '192.0.2.10', port: 25_565, alias: null },
    furtherAllocations: [],
    allocationLimit: 1,
    timezone: 'UTC',
    variables: {},
  }
  for (const panel of ['hatchery', 'pterodactyl', 'pelican'] as const) {
    configFiles += processConfiguration(egg, server, { panel }).configs.length
  }
}
const processMs = spent(beforeProcess)

const counts = { files: read.length, eggs: eggs.length, variables, passing, configFiles }
console.log(JSON.stringify({ importMs, parseMs, rulesMs, processMs, ...counts }))
