// What the issue on files, archives, history, SFTP and SSH must reach, in its words.
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createLocalFileTree } from '../../packages/daemon/src/files/index.ts'
import { fingerprint } from '../../prove/files/race-record.ts'
import type { AcceptanceLine } from '../../scripts/accept.ts'
import { bench as benchFiles } from '../files.bench.ts'
import type { Figure } from '../main.ts'
import { measureConsoleWhilePacking } from '../measure/console-while-packing.ts'
import { measureScroll, type ScrollFigures } from '../measure/files-page.ts'
import { prove, tests } from '../measure/prove.ts'
import { bench as benchSftp } from '../sftp.bench.ts'

const RACE = path.resolve(import.meta.dirname, '../../prove/files/result.json')
const SHARE_PERCENT = 70
const FLAT_MIB = 64
const LIST_MS = 300
const PACK_MB = 400
const FRAMES = 50
const CONSOLE_P99_MS = 100

let sftp: Promise<readonly Figure[]> | undefined
const sftpFigures = () => (sftp ??= benchSftp())

/** A line about figures that one run of a bench gives. */
async function judge(
  bench: Promise<readonly Figure[]>,
  chosen: (figure: Figure) => boolean,
  passed: (values: readonly number[]) => boolean,
): Promise<{ figure: string; passed: boolean }> {
  const figures = (await bench).filter(chosen)
  const text = figures.map(({ name, value, unit, note }) => {
    const shown = `${name}: ${value.toFixed(value < 10 ? 2 : 0)} ${unit}`
    return note === undefined ? shown : `${shown} (${note})`
  })
  return { figure: text.join('\n      '), passed: figures.length > 0 && passed(figures.map(({ value }) => value)) }
}

async function measureList(): Promise<{ figure: string; passed: boolean }> {
  const directory = mkdtempSync(path.join(tmpdir(), 'hatchery-accept-list-'))
  try {
    const root = path.join(directory, 'data')
    mkdirSync(root)
    for (let at = 0; at < 200_000; at++) writeFileSync(path.join(root, `file-${at}.txt`), '')
    const owner = { uid: process.getuid!(), gid: process.getgid!() }
    const tree = createLocalFileTree({
      server: randomUUID(),
      root,
      privateRoot: path.join(directory, 'private'),
      ...owner,
    })
    const times: string[] = []
    let worst = 0
    for (const sort of ['name', '-name', 'size', 'modified'] as const) {
      let best = Infinity
      for (let run = 0; run < 3; run++) {
        const began = performance.now()
        await tree.list('', { sort, offset: 0, limit: 100 })
        best = Math.min(best, performance.now() - began)
      }
      worst = Math.max(worst, best)
      times.push(`${sort} ${Math.round(best)} ms`)
    }
    return { figure: `${times.join(', ')}; the best of three counts`, passed: worst <= LIST_MS }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function readRace(): Promise<{ figure: string; passed: boolean }> {
  if (!existsSync(RACE)) return { figure: 'not run: prove/files/main.ts --full writes its result', passed: false }
  const row = JSON.parse(readFileSync(RACE, 'utf8')) as {
    readonly date: string
    readonly tries: number
    readonly escapes: number
    readonly sources: string
    readonly control: { readonly escapes: number }
  }
  const isSame = row.sources === fingerprint()
  return {
    figure: `${row.tries} tries on ${row.date}, ${row.escapes} escapes, the naive guard ${row.control.escapes}${isSame ? '' : '; the sources have changed since'}`,
    passed: row.tries >= 10_000_000 && row.escapes === 0 && row.control.escapes > 100,
  }
}

export const lines: readonly AcceptanceLine[] = [
  prove('files', 'path race over every operation and door: 0 escapes, and a naive guard shows more than 100 (quick)'),
  { requirement: 'path race: 10 million attempts, 0 escapes (as recorded)', measure: readRace },
  tests('daemon', 'src/files/archives', 'hostile archives, with a harmless counterpart (G26)'),
  prove('outbound', 'SSRF with rebinding: no forbidden connection, broken builds caught (G27, panel)'),
  tests('daemon', 'src/server-files/pulls.test.ts', 'SSRF with rebinding at the node (G27)'),
  tests('daemon', 'src/direct', 'token defects as a matrix, at the node (M2)'),
  tests('panel', 'src/files/direct.test.ts', 'token defects as a matrix, at the panel (M2)'),
  {
    requirement: `SFTP: ≥ ${SHARE_PERCENT} % of OpenSSH’s put and get with aes128-gcm, in the same run`,
    measure: () =>
      judge(
        sftpFigures(),
        ({ name }) => /^share of OpenSSH: (put|get), aes128-gcm/.test(name),
        (values) => values.length === 2 && values.every((value) => value >= SHARE_PERCENT),
      ),
  },
  {
    requirement: 'SFTP: the same rate of small files as OpenSSH (≥ 95 %)',
    measure: () =>
      judge(
        sftpFigures(),
        ({ name }) => /^share of OpenSSH: .* of small files/.test(name),
        (values) => values.length === 2 && values.every((value) => value >= 95),
      ),
  },
  {
    requirement: `SFTP: memory of the agent flat over 10 GiB (≤ ${FLAT_MIB} MiB more; HATCHERY_BENCH_FULL=1 sends them)`,
    async measure() {
      const result = await judge(
        sftpFigures(),
        ({ name }) => name.startsWith('memory of the agent'),
        ([, before = 0, after = Infinity]) => after - before <= FLAT_MIB,
      )
      if (process.env['HATCHERY_BENCH_FULL'] === '1') return result
      return { figure: `${result.figure}\n      without the 10 GiB this says nothing`, passed: false }
    },
  },
  { requirement: `first page of a 200,000-entry directory: ≤ ${LIST_MS} ms, however sorted`, measure: measureList },
  {
    requirement: '10,000 files scroll at ≥ 50 frames/s',
    async measure() {
      const { page, slowed } = await measureScroll()
      const text = ({ framesPerSecond, worstFrameMs, rows, emptyShare, rowsPassed }: ScrollFigures) =>
        `${framesPerSecond.toFixed(1)} frames/s over ${rowsPassed} rows, longest ${Math.round(worstFrameMs)} ms, at most ${rows} rows in the page, ${(100 * emptyShare).toFixed(0)} % of them still without a name`
      return {
        figure: `${text(page)}\n      with a task of 30 ms in each frame: ${text(slowed)}`,
        passed: page.framesPerSecond >= FRAMES && slowed.framesPerSecond < FRAMES,
      }
    },
  },
  {
    requirement: `tar+zstd: ≥ ${PACK_MB} MB/s (the 1 GiB tree with HATCHERY_BENCH_FULL=1)`,
    measure: () =>
      judge(
        benchFiles(),
        ({ name }) => name === 'pack tar.zst' || name.startsWith('tar |'),
        ([ours = 0]) => ours >= PACK_MB,
      ),
  },
  {
    requirement: 'the console’s p99 under 100 ms meanwhile',
    async measure() {
      const { p99Ms, archives, heldUpP99Ms } = await measureConsoleWhilePacking()
      return {
        figure: `p99 ${Math.round(p99Ms)} ms while ${archives} archives were packed; with an agent that stands still now and then ${Math.round(heldUpP99Ms)} ms`,
        passed: p99Ms < CONSOLE_P99_MS && archives > 0 && heldUpP99Ms >= CONSOLE_P99_MS,
      }
    },
  },
  prove('file-faults', 'n-th-syscall failures (ENOSPC, EIO, EMFILE) over every durable operation (G14), with control'),
]
