import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

export interface PanelProcess extends AsyncDisposable {
  readonly url: string
  /** CPU seconds, user and system, since the start. */
  cpuSeconds(): number
  /** Proportional memory in MiB. */
  pssMiB(): number
}

const root = path.resolve(import.meta.dirname, '..')

/** Starts the panel alone on a database, on one core if wished. */
export async function startPanel(databaseUrl: string, options: { readonly pinned: boolean }): Promise<PanelProcess> {
  const node = [process.execPath, '--conditions=@hatchery/source', path.join(root, 'bench/panel.ts'), databaseUrl]
  const argv = options.pinned ? ['taskset', '-c', '0', ...node] : node
  const child = spawn(argv[0]!, argv.slice(1), { stdio: ['ignore', 'pipe', 'inherit'], cwd: root })
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (data: Buffer) => resolve(data.toString().trim()))
    child.once('exit', (code) => reject(new Error(`the panel ended with code ${code}`)))
  })
  return {
    url,
    cpuSeconds: () => cpuSecondsOf(child.pid!),
    pssMiB: () => pssMiBOf(child.pid!),
    async [Symbol.asyncDispose]() {
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await gone
    },
  }
}

export function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

export function pssMiBOf(pid: number): number {
  const found = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))
  return Number(found?.[1] ?? 0) / 1024
}

/**
 * What the process would hold if only one more shared its libraries: the figure of a machine that runs panel and agent and
 * no other Node, where the proportional one of a busy machine is less.
 */
export function pairedMiBOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0)
  const own = field('Private_Clean') + field('Private_Dirty')
  return (own + (field('Shared_Clean') + field('Shared_Dirty')) / 2) / 1024
}

export interface LoadResult {
  readonly requestsPerSecond: number
  readonly p99Ms: number
  readonly failures: number
}

/** `wrk` over one path with these cookies in turn. Any answer but 200 counts as a failure. */
export function load(
  url: string,
  tokens: readonly string[],
  options: { readonly seconds: number; readonly pinned: boolean },
): LoadResult {
  const script = path.join(mkdtempSync(path.join(os.tmpdir(), 'hatchery-wrk-')), 'cookies.lua')
  writeFileSync(
    script,
    `local cookies = { ${tokens.map((token) => `"hatchery=${token}"`).join(', ')} }
local n, bad = 0, 0
request = function()
  n = n % #cookies + 1
  return wrk.format("GET", nil, { ["Cookie"] = cookies[n] })
end
response = function(status) if status ~= 200 then bad = bad + 1; wrk.thread:set("bad", bad) end end
local threads = {}
setup = function(thread) table.insert(threads, thread) end
done = function(summary, latency)
  local total = 0
  for _, thread in ipairs(threads) do total = total + (thread:get("bad") or 0) end
  io.write(string.format("RESULT %f %f %d\\n", summary.requests / (summary.duration / 1e6), latency:percentile(99) / 1000, total))
end
`,
  )
  const wrk = ['wrk', '-t1', '-c100', `-d${options.seconds}s`, '-s', script, url]
  const argv = options.pinned ? ['taskset', '-c', '1', ...wrk] : wrk
  const output = execFileSync(argv[0]!, argv.slice(1), { encoding: 'utf8' })
  const found = /RESULT (\S+) (\S+) (\d+)/.exec(output)
  if (!found) throw new Error(`wrk printed no result:\n${output}`)
  return { requestsPerSecond: Number(found[1]), p99Ms: Number(found[2]), failures: Number(found[3]) }
}
