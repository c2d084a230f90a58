import { expect, test } from 'vitest'
import { Progress } from './progress.ts'
import { paintFor } from './terminal.ts'

const terminal = (isTTY: boolean, columns = 40) => {
  const written: string[] = []
  return { written, isTTY, columns, write: (text: string) => written.push(text) }
}

test('colours are for terminals that want them', () => {
  const paint = (isTTY: boolean, env: Record<string, string> = {}) => paintFor(terminal(isTTY), env)('red', 'x')
  expect(paint(true)).toBe('\u001B[31mx\u001B[0m')
  expect([paint(false), paint(true, { NO_COLOR: '1' }), paint(true, { TERM: 'dumb' })]).toEqual(['x', 'x', 'x'])
})

/** A run of `steps` files that take 100 ms each. */
function run(stderr: ReturnType<typeof terminal>, steps: number): void {
  let now = 0
  const progress = new Progress({ stderr, now: () => now }, steps)
  for (let step = 1; step <= steps; step++) {
    now += 100
    progress.step(`folder/egg-with-a-long-name-${step}.json`)
  }
  progress.clear()
}

test('a long run shows how far it is on a terminal, within its width, and takes that away again', () => {
  const stderr = terminal(true)
  run(stderr, 10)
  expect(stderr.written).toHaveLength(9)
  expect(stderr.written[0]).toBe('\r\u001B[2K███████░░░░░░░░░░░░░░░░░ 3/10 folder/eg')
  expect(stderr.written.at(-1)).toBe('\r\u001B[2K')
})

test('a short run shows nothing, and nothing is shown where no terminal is', () => {
  const short = terminal(true)
  run(short, 2)
  const pipe = terminal(false)
  run(pipe, 10)
  expect([short.written, pipe.written]).toEqual([[], []])
})
