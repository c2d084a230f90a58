import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { mkdir, open, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { RuntimeSpec, ServerId } from '@hatchery/core/runtime'

/** One start of a server, kept on disk so that an agent that comes back finds it. */
export interface Run {
  readonly key: string
  readonly pid: number
  /** Start time of the process in kernel ticks: a pid alone may be somebody else's by now. */
  readonly startTicks: string
  readonly startedAt: number
}

const SERVER_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The files that the process runtime keeps of one server; only the agent reads and writes in the directory. */
export class RunFiles {
  readonly directory: string

  constructor(root: string, server: ServerId) {
    if (!SERVER_ID.test(server)) throw new Error(`${JSON.stringify(server)} is not a server id.`)
    this.directory = join(root, server)
  }

  static async list(root: string): Promise<ServerId[]> {
    const names = await readdir(root).catch(whenMissing<string[]>([]))
    return names.filter((name) => SERVER_ID.test(name))
  }

  outputPath(run: Pick<Run, 'key'>): string {
    return join(this.directory, `output-${run.key}.log`)
  }

  get stdinPath(): string {
    return join(this.directory, 'stdin')
  }

  exitPath(run: Pick<Run, 'key'>): string {
    return join(this.directory, `exit-${run.key}`)
  }

  async writeSpec(spec: RuntimeSpec): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 })
    await this.#replace('spec.json', JSON.stringify(spec))
  }

  readSpec(): Promise<RuntimeSpec | null> {
    return this.#readJson<RuntimeSpec>('spec.json')
  }

  writeRun(run: Run): Promise<void> {
    return this.#replace('run.json', JSON.stringify(run))
  }

  readRun(): Promise<Run | null> {
    return this.#readJson<Run>('run.json')
  }

  /** Exit code and time of a run that its wrapper wrote down; null when the wrapper was killed before it could. */
  async readExit(run: Run): Promise<{ code: number; at: number } | null> {
    try {
      await using file = await open(this.exitPath(run), 'r')
      const text = (await file.readFile('utf8')).trim()
      return text === '' ? null : { code: Number(text), at: Math.floor((await file.stat()).mtimeMs) }
    } catch (error) {
      return whenMissing(null)(error as NodeJS.ErrnoException)
    }
  }

  /** Fresh files for a new run; those of runs before it are removed. */
  async prepare(key: string): Promise<void> {
    for (const name of await readdir(this.directory)) {
      if (/^(?:output|exit)-/.test(name)) await rm(join(this.directory, name))
    }
    await writeFile(this.outputPath({ key }), '', { mode: 0o600, flag: 'wx' })
    await writeFile(this.exitPath({ key }), '', { mode: 0o600, flag: 'wx' })
    await rm(this.stdinPath, { force: true })
    await promisify(execFile)('mkfifo', ['-m', '600', this.stdinPath])
  }

  /** Opened for reading and writing: it never blocks, and the game never sees an end of its input. */
  openStdin() {
    return open(this.stdinPath, constants.O_RDWR | constants.O_NONBLOCK)
  }

  remove(): Promise<void> {
    return rm(this.directory, { recursive: true, force: true })
  }

  async #replace(name: string, content: string): Promise<void> {
    const path = join(this.directory, name)
    await writeFile(`${path}.new`, content, { mode: 0o600, flush: true })
    await rename(`${path}.new`, path)
  }

  async #readJson<T>(name: string): Promise<T | null> {
    const text = await readFile(join(this.directory, name), 'utf8').catch(whenMissing(null))
    return text === null ? null : (JSON.parse(text) as T)
  }
}

function whenMissing<T>(value: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT') return value
    throw error
  }
}
