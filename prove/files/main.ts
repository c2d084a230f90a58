// A tenant swaps directories and files of its server for symbolic links while the agent does everything it can below them,
// through every door. Nothing outside may be read or changed. The negative control checks a path first and opens it
// afterwards, and must be caught.
//   node prove/files/main.ts --quick | --full
// --full makes ten million tries and writes result.json as it goes; interrupted, it goes on from there, as long as the
// sources are the same.
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { fileCalls } from '../../packages/daemon/src/files/process/file-calls.ts'
import { ATTEMPTS, WITHOUT_PATH } from './attempts.ts'
import { CONTROL, DOORS } from './doors.ts'
import { race, type RaceResult } from './race.ts'
import { RaceRecord } from './race-record.ts'

const isFull = process.argv.includes('--full')
const QUICK_SECONDS = 9
const CONTROL_SECONDS = 10
/** The negative control shows more than this many in ten seconds. */
const CONTROL_ESCAPES = 100

const faults: string[] = []
// In memory where that is: a race of names needs no disk, and what is synced there costs nothing.
const place = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
const root = await mkdtemp(path.join(place, 'hatchery-prove-files-'))
// The tenant's own identity gets to its directory.
await chmod(root, 0o755)
try {
  const covered = new Set(Object.values(ATTEMPTS).flatMap(({ covers }) => covers))
  const uncovered = Object.keys(fileCalls).filter(
    // An open file is none of its names any more.
    (call) => !covered.has(call) && !WITHOUT_PATH.includes(call) && !call.startsWith('handle.'),
  )
  if (uncovered.length > 0) faults.push(`no attempt in attempts.ts makes these calls: ${uncovered.join(', ')}`)

  const control = await race(CONTROL, { root, seconds: CONTROL_SECONDS })
  tell(CONTROL.name, control)
  if (control.escapes <= CONTROL_ESCAPES) {
    faults.push('the negative control was hardly caught: the race is not tight enough to prove anything')
  }
  if (isFull) await runFull(control)
  else await runQuick()
} finally {
  await rm(root, { recursive: true, force: true })
}
for (const fault of faults) console.log(fault)
process.exit(faults.length > 0 ? 1 : 0)

async function runQuick(): Promise<void> {
  let [tries, escapes] = [0, 0]
  const results: RaceResult['byAttempt'][] = []
  for (const door of DOORS) {
    const result = await race(door, { root, seconds: QUICK_SECONDS })
    tell(door.name, result)
    if (result.escapes > 0) faults.push(`${door.name}: ${result.escapes} escapes`)
    tries += result.tries
    escapes += result.escapes
    results.push(result.byAttempt)
  }
  refuseIdle('any door', results)
  console.log(`${escapes} escapes in ${tries} tries; at 95 % the rate is below ${(3 / tries).toExponential(1)}`)
}

async function runFull(control: RaceResult): Promise<void> {
  const record = RaceRecord.open(control)
  while (!record.isComplete) {
    for (const door of DOORS) {
      const result = await race(door, { root, seconds: door.turnSeconds, tries: record.remaining })
      record.add(door.name, result)
      if (result.escapes > 0) tell(door.name, result)
    }
    console.log(record.summary)
  }
  for (const [door, { escapes, byAttempt }] of Object.entries(record.byDoor)) {
    if (escapes > 0) faults.push(`${door}: ${escapes} escapes`)
    refuseIdle(door, [byAttempt])
  }
}

/** What never got through at all was never near the race. */
function refuseIdle(door: string, results: readonly RaceResult['byAttempt'][]): void {
  const idle = Object.keys(ATTEMPTS).filter((name) => {
    const counts = results.flatMap((result) => result[name] ?? [])
    return counts.length > 0 && counts.every(({ inside }) => inside === 0)
  })
  if (idle.length > 0) faults.push(`${door}: never got through inside: ${idle.join(', ')}`)
}

function tell(name: string, { byAttempt, ...total }: RaceResult): void {
  console.log(`${name}: ${JSON.stringify(total)}`)
  for (const [attempt, { tries, inside, escapes }] of Object.entries(byAttempt)) {
    console.log(`  ${attempt.padEnd(20)} ${tries} tries, ${inside} inside, ${escapes} escapes`)
  }
}
