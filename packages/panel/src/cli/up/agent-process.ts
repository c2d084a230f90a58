import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export interface AgentProcess {
  readonly pid: number
  /** It was running already, left by a panel that died. */
  readonly isAdopted: boolean
  /** Settles with the exit code when the agent ends; never for an adopted one until `stop`. */
  readonly exited: Promise<number | null>
  /** Asks it to stop and waits; process servers end gracefully first. */
  stop(): Promise<void>
}

export interface AgentProcessOptions {
  readonly panelUrl: string
  readonly dataDirectory: string
  readonly runtime: string
  readonly logLevel: string
  /** Redeemed once; handed over through standard input, never on the command line. */
  readonly enrolmentToken: string | null
}

/** Time a stopping agent has for its process servers before it is ended the hard way. */
const STOP_TIMEOUT_MS = 60_000

/** Starts the agent of this machine, or adopts the one that still runs from before. */
export function startAgentProcess(options: AgentProcessOptions): AgentProcess {
  const { dataDirectory } = options
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 })
  const pidFile = path.join(dataDirectory, 'agent.pid')
  const running = readRunning(pidFile, dataDirectory)
  if (running !== null) return adopt(running, pidFile)

  const log = openSync(path.join(dataDirectory, 'agent.log'), 'a', 0o600)
  const child = spawn(process.execPath, [...process.execArgv, agentEntry(), ...argumentsOf(options)], {
    stdio: ['pipe', log, log],
    // Ctrl-C goes to the whole group of the terminal; the agent is stopped by us, in order.
    detached: true,
    env: environmentOf(process.env),
  })
  closeSync(log)
  child.stdin?.on('error', () => {
    // The agent ended before it read its token; `exited` reports that.
  })
  child.stdin?.end(options.enrolmentToken ? `${options.enrolmentToken}\n` : '')
  if (child.pid === undefined) throw new Error('The agent could not be started.')
  writeFileSync(pidFile, String(child.pid), { mode: 0o600 })
  const exited = exitOf(child).then((code) => {
    rmSync(pidFile, { force: true })
    return code
  })
  return { pid: child.pid, isAdopted: false, exited, stop: () => stop(child.pid!, exited) }
}

/** The panel's own secrets are none of the agent's: an environment can be read as long as its process runs. */
const PANEL_ONLY = new Set([
  'HATCHERY_ADMIN_EMAIL',
  'HATCHERY_ADMIN_PASSWORD',
  'HATCHERY_DATABASE_URL',
  'HATCHERY_REDIS_URL',
])

export function environmentOf(own: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(own).filter(([name]) => !PANEL_ONLY.has(name)))
}

function agentEntry(): string {
  try {
    return fileURLToPath(import.meta.resolve('@hatchery/daemon/bin'))
  } catch (error) {
    throw new Error(
      'The package @hatchery/daemon is not installed. Install it beside the panel, or run `hatchery panel`.',
      {
        cause: error,
      },
    )
  }
}

function argumentsOf({ panelUrl, dataDirectory, runtime, logLevel, enrolmentToken }: AgentProcessOptions): string[] {
  return [
    '--panel',
    panelUrl,
    '--data-dir',
    dataDirectory,
    '--runtime',
    runtime,
    '--log-level',
    logLevel,
    ...(enrolmentToken ? ['--enrol-token-stdin'] : []),
  ]
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    child.once('exit', (code) => resolve(code))
    child.once('error', () => resolve(null))
  })
}

async function stop(pid: number, exited: Promise<unknown>): Promise<void> {
  signal(pid, 'SIGTERM')
  const timeout = setTimeout(() => signal(pid, 'SIGKILL'), STOP_TIMEOUT_MS)
  await exited
  clearTimeout(timeout)
}

function adopt(pid: number, pidFile: string): AgentProcess {
  const { promise: exited, resolve } = Promise.withResolvers<number | null>()
  return {
    pid,
    isAdopted: true,
    exited,
    async stop() {
      // It is no child of ours, so its end is seen by asking.
      const gone = new Promise<void>((done) => {
        const timer = setInterval(() => {
          if (signal(pid, 0)) return
          clearInterval(timer)
          done()
        }, 50)
      })
      await stop(pid, gone)
      rmSync(pidFile, { force: true })
      resolve(0)
    },
  }
}

/** Sends a signal; false when there is no such process. */
function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
    throw error
  }
}

/** The pid of a living agent of this data directory. A pid that another program has by now does not count. */
function readRunning(pidFile: string, dataDirectory: string): number | null {
  try {
    const pid = Number(readFileSync(pidFile, 'utf8'))
    if (!Number.isInteger(pid) || pid <= 1 || !signal(pid, 0)) return null
    if (process.platform !== 'linux') return pid
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(dataDirectory) ? pid : null
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}
