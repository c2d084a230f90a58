import { appendFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { OutputFile } from './output-file.ts'

const KEPT = 1024 * 1024

function outputPath(): string {
  const directory = mkdtempSync(join(tmpdir(), 'runtimes-output-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'output.log')
  writeFileSync(path, '')
  return path
}

const line = (number: number) => `line ${number} ${'x'.repeat(1000)}`

test('a follower gets every line of a run that writes more than is kept, and the disk is given back', async () => {
  const path = outputPath()
  const file = new OutputFile(path, KEPT)
  let written = 0
  let isOver = false
  const write = (count: number) => {
    const lines = Array.from({ length: count }, () => `${line(written++)}\n`)
    appendFileSync(path, lines.join(''))
  }
  write(1)
  let expected = 0
  for await (const { text } of file.follow(null, async () => isOver)) {
    expect(text).toBe(line(expected++))
    if (expected < written) continue
    if (written < 20_000) write(500)
    else isOver = true
  }
  expect(expected).toBe(written)
  expect(statSync(path).size).toBeGreaterThan(15 * KEPT)
  expect(statSync(path).blocks * 512).toBeLessThan(3 * KEPT)

  const later: string[] = []
  let newest = ''
  for await (const chunk of new OutputFile(path, KEPT).follow(null, async () => true)) {
    later.push(chunk.text)
    expect(BigInt(chunk.atNs) > BigInt(newest || 0)).toBe(true)
    newest = chunk.atNs
  }
  expect(later.at(-1)).toBe(line(written - 1))
  expect(later).toEqual(Array.from({ length: later.length }, (_, index) => line(written - later.length + index)))
  await file.close()
})
