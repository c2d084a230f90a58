// The n-th call of the file system fails (ENOSPC, EIO, EMFILE), once or from then on, for every n that an operation comes to, in
// every durable operation on a server's files. Nothing half-written may be seen, nothing may hang or stay open or lie about,
// the same again and the next operation work, and the error has a code. Trees that are broken on purpose have to be noticed.
//   node prove/file-faults/main.ts --quick | --full
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { brokenBy } from '../broken/break-source.ts'
import type { Breakage } from '../broken/break-source.ts'
import { BREAKAGES } from './breakages.ts'

const isFull = process.argv.includes('--full')

interface SweepResult {
  readonly operations: number
  readonly injected: number
  readonly wrong: readonly string[]
}

const result = await sweep(isFull ? ['--full'] : [])
for (const fault of result.wrong.slice(0, 40)) console.log(`  ${fault}`)
console.log(`${result.injected} faults in ${result.operations} operations: ${result.wrong.length} went wrong`)

const controls: Record<string, number> = {}
let unnoticed = 0
for (const [name, breakage] of Object.entries(BREAKAGES)) {
  const { wrong } = await sweep(['--control'], breakage)
  controls[name] = wrong.length
  if (wrong.length === 0) unnoticed += 1
  console.log(
    `negative control: a tree that ${name} is ${wrong.length > 0 ? 'noticed' : 'NOT noticed'} (${wrong.length} times)`,
  )
}

const isGood = result.wrong.length === 0 && unnoticed === 0
if (isFull) {
  const row = { date: new Date().toISOString().slice(0, 10), ...result, controls }
  writeFileSync(path.join(import.meta.dirname, 'result.json'), `${JSON.stringify(row, null, 2)}\n`)
}
process.exit(isGood ? 0 : 1)

async function sweep(args: readonly string[], breakage?: Breakage): Promise<SweepResult> {
  const program = path.join(import.meta.dirname, 'sweep.ts')
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@hatchery/source', program, ...args], {
    env: { ...process.env, ...brokenBy(breakage) },
    maxBuffer: 64 * 1024 * 1024,
  })
  return JSON.parse(stdout) as SweepResult
}
