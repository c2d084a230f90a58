import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { seededRandom, SimulatedNode } from './simulated-node.test-data.ts'
import { HOUR_MS, hourOf, splitByHour } from './split-by-hour.ts'

const SERVER = 'aaaaaaaa-0000-4000-8000-000000000000'

let directory: string
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'hatchery-usage-'))))
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const node = (seed = 1) => new SimulatedNode(directory, SERVER, seededRandom(seed))

/** Kills, clock steps and restarts at random; `afterKill` is what a broken agent does. */
function live(simulated: SimulatedNode, kills: number, random: () => number, afterKill = () => {}): void {
  simulated.tick()
  simulated.restart()
  for (let killed = 0; killed < kills;) {
    simulated.pass(1 + Math.floor(random() * 20_000))
    const what = random()
    if (what < 0.6) {
      simulated.kill()
      afterKill()
      killed += 1
    } else if (what < 0.65) simulated.wallMs += HOUR_MS
    else if (what < 0.7) simulated.wallMs -= HOUR_MS
    else {
      simulated.tick()
      if (what > 0.97) simulated.restart()
      else if (what > 0.95) {
        simulated.stop()
        simulated.pass(30_000)
        simulated.tick()
        simulated.restart()
      }
    }
  }
  simulated.pass(5_000)
  simulated.tick()
}

describe('usage of a server', () => {
  test('equals the raw counters over 1,000 kills and steps of the clock by an hour', () => {
    const simulated = node(7)
    live(simulated, 1000, seededRandom(11))
    const totals = simulated.meter.totals(SERVER)
    const hours = simulated.sumOfHours()
    const sent = simulated.sent()
    expect(hours).toEqual(totals)
    expect(sent.length).toBeGreaterThan(3)
    expect(new Set(sent.map(({ hour }) => hour)).size).toBe(sent.length)
    for (const [index, { hour }] of sent.entries()) {
      if (index > 0) expect(hour - (sent[index - 1]?.hour ?? 0)).toBe(HOUR_MS)
    }
    const { runningMs, raw } = simulated
    simulated.close()
    expect(totals).toMatchObject({ ...raw, runningMs, memoryMiBMs: runningMs * 1024 })
  })

  test('would be wrong with an agent that begins its counters anew after each start', () => {
    const simulated = node(7)
    live(simulated, 50, seededRandom(11), () => simulated.sql.run('update usage_meters set run_key = null'))
    const totals = simulated.meter.totals(SERVER)
    const { raw } = simulated
    simulated.close()
    expect(totals.cpuMs).not.toBe(raw.cpuMs)
    expect(totals.rxBytes).toBeGreaterThan(raw.rxBytes)
  })

  test('would be wrong with an agent that forgets up to when it has counted', () => {
    const simulated = node(7)
    live(simulated, 50, seededRandom(11), () =>
      simulated.sql.run('update usage_meters set mono_ms = ?', simulated.monoMs),
    )
    const totals = simulated.meter.totals(SERVER)
    expect(totals.runningMs).toBeLessThan(simulated.runningMs)
    simulated.close()
  })

  test('goes into the hours it was used in while no agent was there', () => {
    const simulated = node()
    simulated.tick()
    simulated.restart()
    simulated.tick()
    const first = hourOf(simulated.wallMs)
    simulated.pass(3 * HOUR_MS)
    simulated.tick()
    const sent = simulated.sent()
    expect(sent.map(({ hour, runningMs }) => [hour, runningMs])).toEqual([
      [first, HOUR_MS / 2],
      [first + HOUR_MS, HOUR_MS],
      [first + 2 * HOUR_MS, HOUR_MS],
    ])
    simulated.close()
  })

  test('of a server that does not run is its disk', () => {
    const simulated = node()
    simulated.tick()
    simulated.pass(HOUR_MS)
    simulated.tick()
    expect(simulated.sent()).toMatchObject([{ runningMs: 0, cpuMs: 0, diskMiBMs: (512 * HOUR_MS) / 2 }])
    simulated.close()
  })

  test('ends with its deletion, and begins with another hour if it comes back', () => {
    const simulated = node()
    simulated.tick()
    simulated.restart()
    simulated.pass(60_000)
    simulated.tick()
    simulated.meter.forget(SERVER, simulated.wallMs)
    expect(simulated.sent()).toMatchObject([{ hour: hourOf(simulated.wallMs), runningMs: 60_000 }])
    simulated.stop()
    simulated.tick()
    simulated.pass(2 * HOUR_MS)
    simulated.tick()
    const hours = simulated.sent().map(({ hour }) => hour)
    expect(new Set(hours).size).toBe(hours.length)
    simulated.close()
  })

  test('of a run that was there before counting began is counted from then on', () => {
    const simulated = node()
    simulated.restart()
    simulated.pass(50 * HOUR_MS)
    simulated.tick()
    expect(simulated.meter.totals(SERVER)).toMatchObject({ runningMs: 0, cpuMs: 0 })
    simulated.pass(10_000)
    simulated.tick()
    expect(simulated.meter.totals(SERVER).runningMs).toBe(10_000)
    simulated.close()
  })

  test('is said again, the same, to a panel that lost it', () => {
    const simulated = node()
    simulated.tick()
    simulated.pass(3 * HOUR_MS)
    simulated.tick()
    const before = simulated.sent()
    simulated.outbox.renew()
    simulated.meter.repeat(simulated.wallMs)
    expect(simulated.sent()).toEqual(before)
    simulated.close()
  })
})

test('shares of hours add up to the whole, whatever the numbers', () => {
  const random = seededRandom(3)
  for (let round = 0; round < 2000; round++) {
    const any = () => Math.floor(random() * 1e9)
    const amounts = {
      runningMs: any(),
      cpuMs: any(),
      memoryMiBMs: any(),
      diskMiBMs: any(),
      rxBytes: any(),
      txBytes: any(),
    }
    const wallMs = Date.UTC(2026, 0, 1) + Math.floor(random() * 10 * HOUR_MS)
    const openHour = hourOf(wallMs) + Math.floor((random() - 0.8) * 10) * HOUR_MS
    const shares = splitByHour(amounts, Math.floor(random() * 6 * HOUR_MS), wallMs, openHour)
    for (const kind of ['runningMs', 'rxBytes'] as const) {
      expect(shares.reduce((sum, share) => sum + share.amounts[kind], 0)).toBe(amounts[kind])
      expect(Math.min(...shares.map((share) => share.amounts[kind]))).toBeGreaterThanOrEqual(0)
    }
    expect(shares[0]?.hour).toBe(openHour)
  }
})
