/**
 * A server writes as fast as it can, through every door, on every driver that holds disk limits. Printed is by how much its files
 * pass the limit; what a driver promises has to hold.
 *
 *   node --conditions=@hatchery/source prove/quota/main.ts
 *
 * The negative control is a server without a limit: the same writer has to pass the number that the others are held to.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { DOORS, type Door } from './doors.ts'
import { canProve, LIMIT_MIB, openStage, type DriverName, type Stage } from './stage.ts'

const MIB = 1024 * 1024
/** Most that a limit which the kernel holds is passed by: what is on its way when it is reached. */
const HELD_BYTES = MIB
/** The agent looks once a second; a writer that it stops is no faster than this. */
const WATCHED_BYTES = 6 * 1024 * MIB
const CONTROL_MS = 20_000
/** What a full server is told. */
const REFUSALS = ['DISK_FULL', 'ARCHIVE_TOO_LARGE']

const faults: string[] = []
const lacking = canProve()
if (lacking) {
  console.log(`skipped: ${lacking}`)
  process.exit(0)
}
const home = mkdtempSync(path.join(tmpdir(), 'hatchery-prove-quota-'))
try {
  for (const driver of ['btrfs', 'image', 'directory'] as const) {
    for (const door of DOORS) await tryDoor(driver, door)
  }
  await control()
} finally {
  rmSync(home, { recursive: true, force: true })
}
for (const fault of faults) console.log(fault)
process.exit(faults.length > 0 ? 1 : 0)

async function tryDoor(driver: DriverName, door: Door): Promise<void> {
  await using stage = await openStage(home, driver, LIMIT_MIB)
  const refusal = await door.write(stage)
  const over = (await stage.usedBytes()) - LIMIT_MIB * MIB
  const allowed = driver === 'directory' && door.isGame ? WATCHED_BYTES : HELD_BYTES
  console.log(`${driver}, ${door.name}: ${Math.max(0, over / MIB).toFixed(2)} MiB over ${LIMIT_MIB} MiB; ${refusal}`)
  if (!door.isGame && !REFUSALS.includes(refusal)) faults.push(`${driver}, ${door.name}: refused with ${refusal}`)
  if (over > allowed) faults.push(`${driver}, ${door.name}: the limit was passed by ${over} bytes`)
  if (over < (-LIMIT_MIB * MIB) / 2)
    faults.push(`${driver}, ${door.name}: it wrote hardly anything, which proves nothing`)
}

async function control(): Promise<void> {
  await using stage = await openStage(home, 'directory', 0)
  await stage.start()
  const end = Date.now() + CONTROL_MS
  const isOver = async () => (await stage.usedBytes()) > 4 * LIMIT_MIB * MIB
  while (!(await isOver()) && Date.now() < end) await pause(50)
  const used = await usedOf(stage)
  await stage.kill()
  console.log(`negative control, no limit: ${used} MiB`)
  if (used <= 4 * LIMIT_MIB)
    faults.push('the negative control wrote no more than the others: the writer proves nothing')
}

async function usedOf(stage: Stage): Promise<number> {
  return Math.round((await stage.usedBytes()) / MIB)
}
