/**
 * Kills the agent with SIGKILL while a server floods its console: the server lives, the console resumes with no gap and no
 * repetition, and the state is right within five seconds.
 *
 *   node --conditions=@hatchery/source prove/agent-kill/main.ts [--full] [--runtime docker|process] [--kills N]
 *
 * Afterwards the same harness runs against agents that were broken on purpose, and has to notice each.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import path from 'node:path'
import { importBusybox } from '../../packages/daemon/src/runtimes/test-engine.ts'
import { brokenBy, type Breakage } from '../broken/break-source.ts'
import { BREAKAGES } from './breakages.ts'
import { killUnderLoad, type KillResult } from '../../packages/daemon/src/testing/kill-under-load.ts'

const IMAGE = 'hatchery-agent-kill/busybox:1'
const STATE_WITHIN_MS = 5_000

const option = (name: string): string | undefined => {
  const at = process.argv.indexOf(name)
  return at === -1 ? undefined : process.argv[at + 1]
}
const isFull = process.argv.includes('--full')
const kills = Number(option('--kills') ?? (isFull ? 100 : 4))
const hasDocker = spawnSync('docker', ['version'], { timeout: 5_000 }).status === 0
const wanted = option('--runtime')
const runtimes = (['process', 'docker'] as const).filter((runtime) => !wanted || runtime === wanted)

async function prove(runtime: 'docker' | 'process', count: number, breakage?: Breakage): Promise<KillResult> {
  const dataDirectory = mkdtempSync(path.join(tmpdir(), 'hatchery-agent-kill-'))
  try {
    const onKill = (kill: number, faults: number) => {
      if (kill % 10 === 0) console.log(`  ${runtime}: ${kill} kills, ${faults} faults`)
    }
    return await killUnderLoad({ runtime, image: IMAGE, dataDirectory, kills: count, env: brokenBy(breakage), onKill })
  } finally {
    rmSync(dataDirectory, { recursive: true, force: true })
  }
}

let failed = 0
function say(isRight: boolean, text: string): void {
  if (!isRight) failed += 1
  console.log(`  ${isRight ? 'ok' : 'FAILED'}: ${text}`)
}

const rows: unknown[] = []
for (const runtime of runtimes) {
  if (runtime === 'docker' && !hasDocker) {
    console.log('skipped: docker (no engine answers)')
    if (process.env['HATCHERY_CI']) failed += 1
    continue
  }
  if (runtime === 'docker') importBusybox(IMAGE)
  const result = await prove(runtime, kills)
  const slowest = Math.max(...result.recoveryMs)
  for (const fault of result.faults.slice(0, 10)) console.log(`  ${fault}`)
  say(result.faults.length === 0, `${runtime}: ${kills} kills, ${result.lines} lines, each exactly once, one run`)
  say(slowest < STATE_WITHIN_MS, `${runtime}: the state is right within ${Math.round(slowest)} ms`)
  rows.push({
    runtime,
    kills,
    lines: result.lines,
    faults: result.faults.length,
    slowestRecoveryMs: Math.round(slowest),
    /** Of the machine, which others may use at the same time. */
    load: loadavg()[0],
  })
}
for (const [name, breakage] of Object.entries(BREAKAGES)) {
  const result = await prove('process', 3, breakage)
  say(result.faults.length > 0, `negative control: an agent that ${name} is noticed (${result.faults.length} faults)`)
}
if (isFull) {
  const bound = `3/${kills} = ${(300 / kills).toFixed(1)} % (95 %)`
  const text = JSON.stringify({ date: new Date().toISOString().slice(0, 10), trials: rows, bound }, null, 2)
  writeFileSync(path.join(import.meta.dirname, 'result.json'), `${text}\n`)
}
process.exitCode = failed > 0 ? 1 : 0
