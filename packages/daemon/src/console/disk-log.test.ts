import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { StoredLine } from './line-record.ts'
import { searchConsole } from './search-console.ts'
import { SegmentFiles, type SegmentOptions } from './segment-files.ts'

let directory: string
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'hatchery-disk-log-'))))
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const line = (run: number, number: number, text = `line ${number}`): StoredLine => ({
  run,
  line: number,
  at: number,
  kind: 'out',
  atNs: '',
  text,
})
const all = { limit: 10_000, maxSegments: 1000 }

async function write(options: SegmentOptions, runs: number, lines: number): Promise<SegmentFiles> {
  const files = new SegmentFiles(directory, options)
  files.recover(10)
  for (let run = 1; run <= runs; run++) {
    for (let number = 1; number <= lines; number++) await files.append([line(run, number)])
  }
  return files
}

test('segments that have ended are compressed, and read like the others, also after a start', async () => {
  const files = await write({ segmentBytes: 500 }, 2, 100)
  await files.close()
  const names = readdirSync(directory)
  expect(names.filter((name) => !name.endsWith('.zst'))).toHaveLength(1)
  const again = new SegmentFiles(directory, { segmentBytes: 500 })
  expect(again.recover(60).map((one) => one.line)).toEqual(Array.from({ length: 60 }, (_, index) => 41 + index))
  const { lines, isWhole } = await again.readAfter({ run: 0, line: 0 }, 1000)
  expect(lines).toHaveLength(200)
  expect(isWhole).toBe(true)
  expect(again.runs()).toEqual([
    { run: 2, line: 1 },
    { run: 1, line: 1 },
  ])
})

test('a crash between the two steps of compressing loses nothing and repeats nothing', async () => {
  await (await write({ segmentBytes: 500 }, 1, 60)).close()
  const packed = readdirSync(directory).find((name) => name.endsWith('.zst')) ?? ''
  const plain = join(directory, packed.replace('.zst', ''))
  writeFileSync(plain, 'what a torn removal left')
  const again = new SegmentFiles(directory, { segmentBytes: 500 })
  expect(existsSync(plain)).toBe(false)
  expect((await again.readAfter({ run: 0, line: 0 }, 1000)).lines).toHaveLength(60)
})

test('the log takes no more of the disk than it may', async () => {
  const files = await write({ segmentBytes: 2_000, maxBytes: 6_000 }, 1, 3_000)
  await files.close()
  const bytes = readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0)
  expect(bytes).toBeLessThan(8_500)
  expect((await files.readAfter({ run: 0, line: 0 }, 10)).isWhole).toBe(false)
})

test('lines are found across runs, newest first, page by page', async () => {
  const files = await write({ segmentBytes: 500 }, 3, 50)
  const fits = ({ text }: StoredLine) => text.endsWith('7')
  const found: string[] = []
  let cursor = null
  for (let page = 0; page < 100; page++) {
    const { lines, before } = await files.findBefore(cursor, fits, { limit: 2, maxSegments: 2 })
    for (const { run, line: number } of lines) found.push(`${run}:${number}`)
    if (before === null) break
    cursor = before
  }
  const expected = [3, 2, 1].flatMap((run) => [47, 37, 27, 17, 7].map((number) => `${run}:${number}`))
  expect(found).toEqual(expected)
  expect((await files.findBefore(null, fits, all)).lines).toHaveLength(15)
  await files.close()
})

test('a search finds text case aside, of a time or earlier, and goes on where its time was over', async () => {
  const files = await write({ segmentBytes: 500 }, 2, 600)
  const found = await searchConsole(files, { text: 'LINE 59', before: null, until: 595, limit: 3 })
  expect(found.lines.map(({ run, line: number }) => [run, number])).toEqual([
    [2, 595],
    [2, 594],
    [2, 593],
  ])
  let now = 0
  // A clock that is always late: every call ends after the fewest segments.
  const late = () => (now += 10_000)
  const numbers: number[] = []
  let before = null
  let calls = 0
  do {
    const page = await searchConsole(files, { text: 'line 7', before, limit: 500 }, late)
    numbers.push(...page.lines.map(({ line: number }) => number))
    before = page.before
    calls += 1
  } while (before !== null)
  const once = [79, 78, 77, 76, 75, 74, 73, 72, 71, 70, 7]
  expect(numbers).toEqual([...once, ...once])
  expect(calls).toBeGreaterThan(1)
  await files.close()
})
