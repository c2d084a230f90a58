import { execFileSync } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLocalFileTree } from '../packages/daemon/src/files/index.ts'
import type { Figure } from './main.ts'

/** The whole gibibyte is measured by hand with HATCHERY_BENCH_FULL=1. */
const SCALE = process.env['HATCHERY_BENCH_FULL'] === '1' ? 4 : 1
const RUNS = 3
const MEGABYTE = 1_000_000

/** Packing and unpacking a tree of a game server, beside `tar` with `zstd -1` on the same machine at the same time. */
export async function bench(): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'hatchery-bench-files-'))
  try {
    const root = join(directory, 'data')
    const bytes = fillTree(root)
    const owner = { uid: process.getuid!(), gid: process.getgid!() }
    const tree = createLocalFileTree({ server: randomUUID(), root, privateRoot: join(directory, 'private'), ...owner })
    const note = `${Math.round(bytes / MEGABYTE)} MB, best of ${RUNS}`
    const figures: Figure[] = []
    for (const format of ['tar', 'tar.zst', 'tar.gz', 'zip'] as const) {
      const to = `archive.${format}`
      const pack = await best(async () => {
        rmSync(join(root, to), { force: true })
        await tree.pack({ directory: '', names: ['world'], to, format })
      })
      const unpack = await best(async () => {
        rmSync(join(root, 'out'), { recursive: true, force: true })
        await tree.unpack(to, { to: 'out', replace: false, maxBytes: Infinity })
      })
      rmSync(join(root, 'out'), { recursive: true, force: true })
      figures.push(
        { name: `pack ${format}`, value: bytes / MEGABYTE / pack.seconds, unit: 'MB/s', note },
        { name: `pack ${format}, processor`, value: (pack.cpuSeconds * 1000 * MEGABYTE) / bytes, unit: 'ms/MB' },
        { name: `unpack ${format}`, value: bytes / MEGABYTE / unpack.seconds, unit: 'MB/s', note },
        { name: `size of ${format}`, value: statSync(join(root, to)).size / MEGABYTE, unit: 'MB' },
      )
    }
    const theirs = await best(async () => {
      const script = 'tar c world | zstd -q -1 -T1 -o ../theirs -f && sync -d ../theirs'
      execFileSync('sh', ['-c', script], { cwd: root })
    })
    figures.push({
      name: 'tar | zstd -1, for comparison',
      value: bytes / MEGABYTE / theirs.seconds,
      unit: 'MB/s',
      note,
    })
    return figures
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Region files that are compressed already, jars, logs and many small texts, in the shares of a real server. */
export function fillTree(root: string): number {
  let bytes = 0
  const write = (path: string, content: Buffer) => {
    mkdirSync(join(root, path, '..'), { recursive: true })
    writeFileSync(join(root, path), content)
    bytes += content.length
  }
  const text = (length: number) => Buffer.alloc(length, randomBytes(40_000).toString('base64'))
  for (let at = 0; at < 32 * SCALE; at++) {
    write(`world/region/r.${at}.mca`, Buffer.concat([randomBytes(4_250_000), Buffer.alloc(750_000)]))
  }
  for (let at = 0; at < 8 * SCALE; at++) write(`world/mods/mod-${at}.jar`, randomBytes(5_000_000))
  for (let at = 0; at < 20 * SCALE; at++) write(`world/logs/${at}.log`, text(2_000_000))
  for (let at = 0; at < 1250 * SCALE; at++) write(`world/config/${at % 50}/${at}.yml`, text(500 + ((at * 37) % 8000)))
  return bytes
}

async function best(work: () => Promise<void>): Promise<{ readonly seconds: number; readonly cpuSeconds: number }> {
  let result = { seconds: Infinity, cpuSeconds: Infinity }
  for (let run = 0; run < RUNS; run++) {
    const [began, before] = [performance.now(), process.cpuUsage()]
    await work()
    const seconds = (performance.now() - began) / 1000
    const { user, system } = process.cpuUsage(before)
    if (seconds < result.seconds) result = { seconds, cpuSeconds: (user + system) / 1e6 }
  }
  return result
}
