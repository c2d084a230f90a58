import { AppError } from '@hatchery/core/errors'
import type { ServerId } from '@hatchery/core/runtime'
import { WebFile, type WebClient, type WebFileOptions } from '../outbound/index.ts'
import type { FileJobOptions, FileJobs } from './file-jobs.ts'
import type { OpenServer } from './server-files.ts'

/** Files that one server fetches at the same time. */
const MAX_PER_SERVER = 3
/** The name of a file that nobody has given one. */
const NAMELESS = 'download'

export interface PullRequest {
  readonly operation: string
  readonly url: string
  /** Made when it is missing. */
  readonly directory: string
  /** @default what the other side, or the address, calls it */
  readonly name?: string | undefined
  readonly replace: boolean
}

export interface PullsOptions extends Pick<WebFileOptions, 'client' | 'pause' | 'windowMs' | 'leastBytes'> {
  readonly jobs: Pick<FileJobs, 'begin'>
}

/** Files that come from the web into servers. */
export class Pulls {
  readonly #options: PullsOptions
  readonly #running = new Map<ServerId, number>()

  constructor(options: PullsOptions) {
    this.#options = options
  }

  get client(): WebClient {
    return this.#options.client
  }

  /**
   * Begins to fetch a file; how it goes is told as that of every job.
   * @throws AppError `OUTBOUND_URL_INVALID`, `PULL_REFUSED`, `PULL_LIMIT`
   */
  begin(open: OpenServer, request: PullRequest): void {
    const { client, jobs } = this.#options
    const { server } = open
    client.check(request.url)
    const running = this.#running.get(server) ?? 0
    if (running >= MAX_PER_SERVER) throw new AppError('PULL_LIMIT', { count: running })
    this.#running.set(server, running + 1)
    jobs.begin(request.operation, server, 'fetching', async (work) => {
      try {
        await this.#pull(open, request, work)
      } finally {
        const left = (this.#running.get(server) ?? 1) - 1
        if (left === 0) this.#running.delete(server)
        else this.#running.set(server, left)
      }
    })
  }

  async #pull({ tree, quota }: OpenServer, request: PullRequest, { signal, report }: FileJobOptions): Promise<void> {
    const { url, directory, replace } = request
    const file = await WebFile.open(url, { ...this.#options, signal })
    try {
      const name = request.name ?? file.name ?? NAMELESS
      const path = directory === '' ? name : `${directory}/${name}`
      // What cannot fit is not begun; what does not say its size ends where the room does.
      await quota.require(file.sizeBytes ?? 0)
      const counted = counting(file.bytes(), (bytes) =>
        report({ current: bytes, total: file.sizeBytes, unit: 'bytes', detail: name }),
      )
      await tree.writeFrom(path, quota.metered(counted), { mustBeNew: !replace })
    } finally {
      file.close()
      quota.forget()
    }
  }
}

async function* counting(
  source: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0
  onBytes(bytes)
  for await (const piece of source) {
    yield piece
    bytes += piece.length
    onBytes(bytes)
  }
}
