// Runs beside the fuzzer and ends the whole process when one input takes too long: the thread that hangs cannot do it. What
// counts is processor time, so that others on the machine do not matter.
import { writeSync } from 'node:fs'
import process from 'node:process'
import { workerData } from 'node:worker_threads'

export interface Watched {
  /** Number of the input that runs, and its length in bytes. */
  readonly state: SharedArrayBuffer
  readonly bytes: SharedArrayBuffer
  readonly limitMs: number
}

const { state, bytes, limitMs } = workerData as Watched
const numbers = new Int32Array(state)
let last = Atomics.load(numbers, 0)
const usedMs = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
let since = usedMs()

setInterval(() => {
  const now = Atomics.load(numbers, 0)
  if (now !== last) {
    last = now
    since = usedMs()
  }
  if (usedMs() - since < limitMs) return
  const input = new TextDecoder().decode(new Uint8Array(bytes).slice(0, Atomics.load(numbers, 1)))
  writeSync(2, `an input takes more than ${limitMs} ms of processor time:\n${input.slice(0, 4000)}\n`)
  process.kill(process.pid, 'SIGKILL')
}, 100)
