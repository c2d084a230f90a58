// Kills the panel with SIGKILL while people use it, again and again, and checks that nothing it acknowledged is lost: created
// locations are all there afterwards, and the live channel of a client that knows nothing of it goes on by itself, with each
// line of the console once. Panels that are broken on purpose have to be noticed.
//   node prove/panel-kill/main.ts --quick | --full
import { writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { brokenBy } from '../broken/break-source.ts'
import { BREAKAGES } from './breakages.ts'
import { killPanel, type PanelKillResult } from './kill-panel.ts'

const CONTROL_KILLS = 2
const isFull = process.argv.includes('--full')
const kills = isFull ? 100 : 4

function tell(result: PanelKillResult): void {
  for (const failure of result.failures.slice(0, 20)) console.log(`  ${failure}`)
  const { acknowledged, lines, failures } = result
  console.log(`  ${acknowledged} acknowledged writes, ${lines} console lines, ${failures.length} failures`)
}

const result = await killPanel({
  kills,
  env: {},
  onKill: (kill, failures) => {
    if (kill % 10 === 0) console.log(`  ${kill} kills, ${failures} failures so far`)
  },
})
console.log(`${kills} kills; with 0 failures the chance of one is below ${(300 / kills).toFixed(1)} % (95 %)`)
tell(result)

let unnoticed = 0
for (const [name, breakage] of Object.entries(BREAKAGES)) {
  const control = await killPanel({ kills: CONTROL_KILLS, env: brokenBy(breakage) })
  if (control.failures.length === 0) unnoticed += 1
  console.log(
    `negative control: a panel that ${name} is ${control.failures.length > 0 ? 'noticed' : 'NOT noticed'} (${control.failures.length} failures)`,
  )
}

if (isFull) {
  const row = {
    date: new Date().toISOString().slice(0, 10),
    kills,
    acknowledged: result.acknowledged,
    lines: result.lines,
    failures: result.failures.length,
    slowestRecoveryMs: result.slowestRecoveryMs,
    /** Of the machine, which others may use at the same time. */
    load: loadavg()[0],
    bound: `3/${kills} = ${(300 / kills).toFixed(1)} % (95 %)`,
  }
  writeFileSync(path.join(import.meta.dirname, 'result.json'), `${JSON.stringify(row, null, 2)}\n`)
}
process.exit(result.failures.length === 0 && unnoticed === 0 ? 0 : 1)
