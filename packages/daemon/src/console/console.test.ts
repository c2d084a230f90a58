import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ConsoleLog, type ConsoleLogOptions } from './console-log.ts'
import { ConsoleWatch, watchFrom } from './console-watch.ts'
import type { ConsoleLine } from './line-record.ts'
import { createSecretMask } from './secret-mask.ts'

class Place implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'hatchery-console-'))
  open(options: Partial<ConsoleLogOptions> = {}): ConsoleLog {
    return new ConsoleLog(this.directory, { now: () => 1, ...options })
  }
  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true })
  }
}
const fill = (log: ConsoleLog, from: number, to: number) => {
  for (let n = from; n <= to; n++) log.append('out', `n ${n}`, n, String(1_000_000 + n))
}
const numbers = (lines: readonly ConsoleLine[]) => lines.map(({ line }) => line)

describe('console log', () => {
  test('numbers lines within a run and goes on after a restart', async () => {
    using place = new Place()
    const first = place.open()
    first.beginRun(1)
    fill(first, 1, 3)
    await first.close()
    const second = place.open()
    expect(second.head).toEqual({ run: 1, line: 3 })
    expect(second.lastOutputNs).toBe('1000003')
    second.beginRun(1)
    fill(second, 4, 4)
    await second.flushed()
    expect(second.tail(10).map(({ text }) => text)).toEqual(['n 1', 'n 2', 'n 3', 'n 4'])
    second.beginRun(2)
    second.append('system', 'again')
    expect(second.head).toEqual({ run: 2, line: 1 })
    expect(second.lastOutputNs).toBeNull()
    await second.close()
  })

  test('shows nothing that is not stored', async () => {
    using place = new Place()
    const log = place.open()
    log.beginRun(1)
    log.append('out', 'x', 1, '5')
    expect(log.tail(10)).toEqual([])
    await log.flushed()
    expect(log.tail(10)).toHaveLength(1)
    await log.close()
  })

  test('a line that a crash left half written is cut off', async () => {
    using place = new Place()
    const log = place.open()
    log.beginRun(1)
    fill(log, 1, 2)
    await log.close()
    const [name = ''] = readdirSync(place.directory)
    appendFileSync(join(place.directory, name), '3\to\t3\t10000')
    const again = place.open()
    expect(again.head).toEqual({ run: 1, line: 2 })
    again.beginRun(1)
    fill(again, 3, 3)
    await again.close()
    const whole = place.open()
    expect(numbers(await whole.readAfter({ run: 0, line: 0 }, 10))).toEqual([1, 2, 3])
    await whole.close()
  })

  test('older lines are read from disk, and where they are gone a gap says so', async () => {
    using place = new Place()
    const log = place.open({ now: () => 60_000, ringLines: 10, segmentBytes: 400, maxSegments: 4 })
    log.beginRun(1)
    for (let n = 1; n <= 200; n++) {
      fill(log, n, n)
      if (n % 5 === 0) await log.flushed()
    }
    const onDisk = await log.readAfter({ run: 1, line: 150 }, 5)
    expect(numbers(onDisk)).toEqual([151, 152, 153, 154, 155])
    const [gap, next] = await log.readAfter({ run: 1, line: 1 }, 5)
    expect(gap).toMatchObject({ kind: 'gap' })
    expect(next?.line).toBeGreaterThan(100)
    await log.close()
    expect(readdirSync(place.directory)).toHaveLength(4)
  })

  test('lines of the last moment stay in memory, so that a viewer of a flood reads no files', async () => {
    using place = new Place()
    let now = 1_000
    const log = place.open({ now: () => now, ringLines: 10 })
    log.beginRun(1)
    for (let n = 1; n <= 500; n++) log.append('out', `n ${n}`, now)
    await log.flushed()
    expect(log.recentAfter({ run: 1, line: 0 }, 1_000)).toHaveLength(500)
    now += 3_000
    log.append('out', 'later', now)
    await log.flushed()
    expect(log.recentAfter({ run: 1, line: 0 }, 1_000)).toBeNull()
    expect(numbers(log.recentAfter({ run: 1, line: 495 }, 1_000) ?? [])).toEqual([496, 497, 498, 499, 500, 501])
    await log.close()
  })

  test('after a restart the newest lines are found, in memory or not', async () => {
    using place = new Place()
    const log = place.open()
    log.beginRun(1)
    fill(log, 1, 1_000)
    await log.close()
    const again = place.open()
    const newest = await again.readAfter(again.startOfNewest(600), 600)
    expect([newest.length, newest[0]?.line, newest.at(-1)?.line]).toEqual([600, 401, 1_000])
    expect(again.startOfNewest(5_000)).toEqual({ run: 1, line: 0 })
    expect(again.startOfNewest(0)).toEqual({ run: 1, line: 1_000 })
    await again.close()
  })

  test('a very long line is cut, with the number of characters that are missing', async () => {
    using place = new Place()
    const log = place.open()
    log.append('out', 'x'.repeat(10_000))
    await log.flushed()
    expect(log.tail(1)[0]?.text).toMatch(/… \(1808 more characters\)$/)
    await log.close()
  })
})

describe('watching', () => {
  class Viewer {
    readonly lines: ConsoleLine[] = []
    skipped = 0
    isSlow = false
    isCongested = () => this.isSlow
    emit = ({ data }: { data: unknown }) => {
      const { lines, skipped } = data as { lines: ConsoleLine[]; skipped?: number }
      this.lines.push(...lines)
      this.skipped += skipped ?? 0
    }
  }

  test('begins with the newest lines, or exactly after a cursor, and goes on', async () => {
    using place = new Place()
    const log = place.open()
    log.beginRun(1)
    fill(log, 1, 10)
    await log.flushed()
    const newest = new Viewer()
    const resumed = new Viewer()
    const watches = [
      new ConsoleWatch('s', log, newest, watchFrom(log, null, 3)),
      new ConsoleWatch('s', log, resumed, watchFrom(log, { run: 1, line: 5 }, 0)),
    ]
    fill(log, 11, 12)
    await log.flushed()
    expect(numbers(newest.lines)).toEqual([8, 9, 10, 11, 12])
    expect(numbers(resumed.lines)).toEqual([6, 7, 8, 9, 10, 11, 12])
    for (const watch of watches) watch.close()
    await log.close()
  })

  test('a viewer that stands still is brought to the newest lines, and told how many it missed', async () => {
    using place = new Place()
    const log = place.open({ tickMs: 1 })
    log.beginRun(1)
    const viewer = new Viewer()
    viewer.isSlow = true
    const watch = new ConsoleWatch('s', log, viewer, { run: 1, line: 0 })
    fill(log, 1, 60_000)
    await log.flushed()
    expect(viewer.lines).toEqual([])
    viewer.isSlow = false
    fill(log, 60_001, 60_001)
    await log.flushed()
    expect(viewer.lines.at(-1)?.line).toBe(60_001)
    expect(viewer.skipped + viewer.lines.length).toBe(60_001)
    expect(viewer.skipped).toBeGreaterThan(50_000)
    watch.close()
    await log.close()
  })
})

test('secret values are masked, the longest first; short ones are left alone', () => {
  const environment = { A: 'secret', B: 'secret-longer', C: 'abc', D: '' }
  const mask = createSecretMask(environment, ['A', 'B', 'C', 'D', 'MISSING'])
  expect(mask('secret-longer and secret, abc')).toBe('•••••• and ••••••, abc')
})
