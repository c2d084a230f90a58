import { watch, type FSWatcher } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@hatchery/core/errors'
import { nameFromBytes, type WatchOptions } from '@hatchery/core/runtime'
import { guarded, invalid, notFound } from './file-errors.ts'
import { itself } from './pinned.ts'
import { walkTo, type TreeContext } from './tree-context.ts'

/** What happens in so short a time is one change. */
const GATHER_MS = 200
/** A file that is written all the time is told about once in this time. */
const INTERVAL_MS = 1_000
/** More names than this are as good as all. */
const MAX_NAMES = 100

/**
 * Tells which names of a directory were made, changed or removed, by whomever, until it is removed or moved, or nobody listens.
 * The watch is on the directory that was found, not on its path: whoever swaps it for a link gains nothing.
 */
export async function* watchDirectory(
  ctx: TreeContext,
  path: string,
  { signal, gatherMs = GATHER_MS, intervalMs = INTERVAL_MS }: WatchOptions & { gatherMs?: number; intervalMs?: number },
): AsyncGenerator<readonly string[] | null, void, undefined> {
  const changes = new Changes()
  const watcher = await guarded(path, () => open(ctx, path, changes))
  const stop = () => changes.end()
  signal?.addEventListener('abort', stop, { once: true })
  const wait = (ms: number) => delay(ms, undefined, { ...(signal && { signal }) }).catch(() => undefined) // ended below
  try {
    // The watch is on: what the caller reads from now on is not older than what it is told of.
    yield []
    while (await changes.some()) {
      await wait(gatherMs)
      if (signal?.aborted) return
      const { names, isGone } = changes.take()
      yield names
      if (isGone) return
      await wait(intervalMs - gatherMs)
    }
  } finally {
    signal?.removeEventListener('abort', stop)
    watcher.close()
  }
}

/** The descriptor is closed again: one that is open would keep the kernel from saying that the directory was removed. */
async function open(ctx: TreeContext, path: string, changes: Changes): Promise<FSWatcher> {
  using place = await walkTo(ctx, path, { followLast: true })
  const target = place.target ?? notFound(path)
  if (!target.stat().isDirectory()) return invalid(path)
  // What happens to the directory itself is told under the name by which it is watched.
  const self = String(target.fd)
  try {
    const watcher = watch(itself(target), { encoding: 'buffer', persistent: false }, (event, bytes) => {
      const name = bytes === null ? null : nameFromBytes(bytes)
      // A file may have that name as well; then somebody looks once too often.
      if (event === 'rename' && name === self) changes.gone()
      else changes.add(name === self ? null : name)
    })
    watcher.on('error', () => changes.end())
    return watcher
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOSPC' && code !== 'EMFILE') throw error
    throw new AppError('FILES_UNAVAILABLE', { reason: 'the machine watches too much already' }, { cause: error })
  }
}

/** Names that have changed and were not told of yet. */
class Changes {
  #names = new Set<string>()
  #isAnything = false
  #isGone = false
  #isEnded = false
  #wake: (() => void) | undefined

  add(name: string | null): void {
    if (name === null || this.#names.size >= MAX_NAMES) this.#isAnything = true
    else this.#names.add(name)
    this.#wake?.()
  }

  /** The directory was removed or moved: nothing more comes after what is told next. */
  gone(): void {
    this.#isAnything = this.#isGone = true
    this.#wake?.()
  }

  end(): void {
    this.#isEnded = true
    this.#wake?.()
  }

  /** Settles with the next change; false when there will be none. */
  async some(): Promise<boolean> {
    while (!this.#isEnded && this.#names.size === 0 && !this.#isAnything) {
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    return !this.#isEnded
  }

  take(): { readonly names: readonly string[] | null; readonly isGone: boolean } {
    const names = this.#isAnything ? null : [...this.#names]
    ;[this.#names, this.#isAnything] = [new Set(), false]
    return { names, isGone: this.#isGone }
  }
}
