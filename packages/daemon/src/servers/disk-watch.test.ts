import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { serverSpec } from '../testing/server-spec.ts'
import { TestAgent } from '../testing/test-agent.ts'
import { DiskWatch, type DiskReason, type WatchedServer } from './disk-watch.ts'

const GIB = 1024 ** 3

/** A server whose files are a number. */
class Writer implements WatchedServer {
  isRunning = true
  counts = 0
  readonly stops: DiskReason[] = []
  readonly id: string
  readonly limitBytes: number
  usedBytes = 0

  constructor(id: string, limitBytes: number) {
    this.id = id
    this.limitBytes = limitBytes
  }

  async count(): Promise<number> {
    this.counts += 1
    return this.usedBytes
  }

  stopForDisk(reason: DiskReason): void {
    this.stops.push(reason)
    this.isRunning = false
  }
}

function stageOf(...writers: Writer[]) {
  const machine = { nowMs: 0, sizeBytes: 1000 * GIB, otherBytes: 0 }
  const used = () => writers.reduce((sum, { usedBytes }) => sum + usedBytes, machine.otherBytes)
  const watch = new DiskWatch({
    servers: () => writers,
    space: async () => ({ freeBytes: machine.sizeBytes - used(), sizeBytes: machine.sizeBytes }),
    monoMs: () => machine.nowMs,
    log: pino({ level: 'silent' }),
  })
  const second = async () => {
    machine.nowMs += 1000
    await watch.tick()
  }
  return { machine, watch, second }
}

describe('a limit that no file system holds', () => {
  test('is looked at in the second in which it can have been passed, and hardly ever before', async () => {
    const writer = new Writer('a', 10 * GIB)
    const { second } = stageOf(writer)
    await second()
    expect(writer.counts).toBe(1)
    for (let at = 0; at < 9; at++) {
      writer.usedBytes += GIB
      await second()
    }
    expect(writer.counts).toBe(1)
    writer.usedBytes += GIB
    await second()
    expect([writer.counts, writer.stops]).toEqual([2, []])
    writer.usedBytes += 1
    await second()
    expect(writer.stops).toEqual([{ type: 'limit', usedBytes: 10 * GIB + 1, limitBytes: 10 * GIB }])
  })

  test('is counted once a minute whatever the disk says: what one writes another may have deleted', async () => {
    const [writer, deleter] = [new Writer('a', 10 * GIB), new Writer('b', 0)]
    deleter.usedBytes = 100 * GIB
    const { second } = stageOf(writer, deleter)
    await second()
    writer.usedBytes = 20 * GIB
    deleter.usedBytes = 0
    for (let at = 0; at < 59; at++) await second()
    expect(writer.stops).toEqual([])
    await second()
    expect(writer.stops).toHaveLength(1)
  })

  test('counting a large tree leaves most of the time to others', async () => {
    const writer = new Writer('a', GIB)
    const { machine, second } = stageOf(writer)
    writer.count = async () => {
      machine.nowMs += 4_000
      writer.counts += 1
      return 0
    }
    await second()
    machine.otherBytes = 100 * GIB
    for (let at = 0; at < 15; at++) await second()
    expect(writer.counts).toBe(1)
    await second()
    expect(writer.counts).toBe(2)
  })

  test('stops a real server, says why, and lets it start again when there is room', async () => {
    await using agent = await TestAgent.start()
    const spec = await agent.running({ limits: { ...serverSpec().limits, diskMiB: 2 } })
    const data = join(agent.dataDirectory, 'volumes', spec.id, 'data-1')
    mkdirSync(data, { recursive: true })
    writeFileSync(join(data, 'world'), Buffer.alloc(3 * 1024 * 1024, 1))
    await agent.panel.untilState(spec.id, 'offline')
    await agent.panel.untilLine('MiB of 2 MiB: the server is stopped.')
    expect(agent.panel.reportOf(spec.id)?.exit).toMatchObject({ reason: 'stopped' })

    const refused = await agent.panel.untilFinished(await agent.power(spec.id, 'start'))
    expect(refused).toMatchObject({ status: 'failed', error: { code: 'DISK_FULL' } })
    writeFileSync(join(data, 'world'), '')
    await agent.power(spec.id, 'start')
    await agent.panel.untilState(spec.id, 'running')
  }, 100_000)
})

describe('a disk that is nearly full', () => {
  test('stops the server that grows most, and no other, one at a time', async () => {
    const [calm, small, large] = [new Writer('a', 0), new Writer('b', 0), new Writer('c', 0)]
    const { machine, second } = stageOf(calm, small, large)
    calm.usedBytes = 500 * GIB
    await second()
    machine.otherBytes = 499.5 * GIB
    await second()
    expect([calm, small, large].flatMap(({ stops }) => stops)).toEqual([])
    small.usedBytes += 1000
    large.usedBytes += 5000
    await second()
    expect([calm.stops, small.stops, large.stops.map(({ type }) => type)]).toEqual([[], [], ['machine-full']])
    small.usedBytes += 1000
    await second()
    expect([calm.stops.length, small.stops.length]).toEqual([0, 1])
  })
})
