import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'

/** A memory control group of the kernel, version 1 or 2. */
export interface MemoryGroup extends Disposable {
  /** Runs `start` so that what it spawns at once, with all descendants, belongs to the group. */
  spawnInside<T>(start: () => T): T
  /** The most that was in use, caches of files included. */
  peakMiB(): number
  /** Anonymous memory now: what cannot be given back by dropping caches. */
  anonymousMiB(): number
  /** Processes that the kernel ended because the group was full. */
  kills(): number
}

/** @throws where control groups cannot be made: this needs root */
export function createMemoryGroup(limitMiB: number): MemoryGroup {
  const isSecond = existsSync('/sys/fs/cgroup/cgroup.controllers')
  const parent = isSecond ? '/sys/fs/cgroup' : '/sys/fs/cgroup/memory'
  const directory = path.join(parent, `hatchery-accept-${process.pid}`)
  mkdirSync(directory, { recursive: true })
  const file = (name: string) => path.join(directory, name)
  const read = (name: string) => readFileSync(file(name), 'utf8')
  const bytes = limitMiB * 1024 * 1024
  writeFileSync(file(isSecond ? 'memory.max' : 'memory.limit_in_bytes'), String(bytes))
  const field = (name: string, key: string) => Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(read(name))?.[1] ?? 0)
  return {
    spawnInside(start) {
      const home = isSecond ? '/sys/fs/cgroup/cgroup.procs' : path.join(parent, 'cgroup.procs')
      // A child is born into the group its parent is in.
      writeFileSync(file('cgroup.procs'), String(process.pid))
      try {
        return start()
      } finally {
        writeFileSync(home, String(process.pid))
      }
    },
    peakMiB: () => Number(read(isSecond ? 'memory.peak' : 'memory.max_usage_in_bytes')) / 1048576,
    anonymousMiB: () => field('memory.stat', isSecond ? 'anon' : 'total_rss') / 1048576,
    kills: () => field(isSecond ? 'memory.events' : 'memory.oom_control', 'oom_kill'),
    [Symbol.dispose]() {
      rmdirSync(directory)
    },
  }
}
