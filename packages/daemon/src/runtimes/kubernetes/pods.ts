import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@hatchery/core/errors'
import type { OutputChunk } from '@hatchery/core/runtime'
import { isStatus, isUnavailable, type ClusterApi } from './api.ts'
import { CONTAINER, LABEL, type Pod } from './objects.ts'
import { PodLogParser, sinceTime } from './pod-log.ts'
import { gameStatus, hasEnded } from './run-state.ts'

interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: Pod
}

/** A watch is asked for again after this long, so that one that died unnoticed does not keep anybody waiting for ever. */
const WATCH_SECONDS = 290

/** The pods of one installation in one namespace. */
export class Pods {
  readonly #api: ClusterApi
  readonly #base: string
  readonly #installation: string

  constructor(api: ClusterApi, namespace: string, installation: string) {
    this.#api = api
    this.#base = `/api/v1/namespaces/${namespace}`
    this.#installation = installation
  }

  path(name: string): string {
    return `${this.#base}/pods/${name}`
  }

  /** null when there is none, or it is somebody else's. */
  async find(name: string, signal?: AbortSignal): Promise<Pod | null> {
    const pod = await this.#api.find<Pod>(this.path(name), { signal })
    return pod?.metadata.labels?.[LABEL.installation] === this.#installation ? pod : null
  }

  /** Makes a pod; one of the same name that is just going away is waited for. */
  async create(name: string, body: unknown, signal?: AbortSignal): Promise<Pod> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#api.call<Pod>(`${this.#base}/pods`, { method: 'POST', body, signal })
      } catch (error) {
        if (!isStatus(error, 409)) throw error
        const other = await this.#api.find<Pod>(this.path(name), { signal })
        const isOurs = other?.metadata.labels?.[LABEL.installation] === this.#installation
        if (attempt === 3 || (other && !isOurs)) throw new AppError('CONTAINER_CONFLICT', { name }, { cause: error })
        if (other) await this.remove(other, signal)
      }
    }
  }

  /** Takes this very pod away at once, not another one of its name, and waits until the cluster has forgotten it. */
  async remove(pod: Pod, signal?: AbortSignal): Promise<void> {
    const { name, uid } = pod.metadata
    const body = { gracePeriodSeconds: 0, preconditions: { uid } }
    try {
      await this.#api.find(this.path(name), { method: 'DELETE', body, signal })
    } catch (error) {
      // Another pod has the name already.
      if (!isStatus(error, 409)) throw error
    }
    await this.until(name, (now) => now?.metadata.uid !== uid, signal)
  }

  /**
   * The first state of a pod that `accept` takes; null stands for no pod. Level-triggered: each look begins with the state
   * itself, the watch only says when to look, and an API server that is away is asked again.
   */
  async until(name: string, accept: (pod: Pod | null) => boolean, signal?: AbortSignal): Promise<Pod | null> {
    for (let waitMs = 50; ; waitMs = Math.min(waitMs * 2, 2000)) {
      try {
        const pod = await this.find(name, signal)
        if (accept(pod)) return pod
        for await (const state of this.#watch(name, pod, signal)) {
          waitMs = 50
          if (accept(state)) return state
        }
      } catch (error) {
        if (!isUnavailable(error) || signal?.aborted) throw error
      }
      await delay(waitMs, undefined, signal ? { signal } : {}).catch(() => undefined) // the look after it reports the abort
    }
  }

  async *#watch(name: string, from: Pod | null, signal?: AbortSignal): AsyncGenerator<Pod | null> {
    const query = {
      watch: 'true',
      allowWatchBookmarks: 'true',
      fieldSelector: `metadata.name=${name}`,
      timeoutSeconds: String(WATCH_SECONDS),
      ...(from ? { resourceVersion: from.metadata.resourceVersion } : {}),
    }
    let rest = ''
    try {
      for await (const bytes of this.#api.stream(`${this.#base}/pods`, { query, signal })) {
        const lines = (rest + bytes.toString('utf8')).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) {
          const { type, object } = JSON.parse(line) as WatchEvent
          // The history that was asked for is gone, as a status inside a good answer: look again.
          if (type === 'ERROR') return
          if (type !== 'BOOKMARK') yield type === 'DELETED' ? null : object
        }
      }
    } catch (error) {
      if (!isStatus(error, 410)) throw error
    }
  }

  /**
   * Lines of one pod from `sinceNs` on, inclusive, until it has ended. Following breaks off whenever the kubelet turns the
   * log file over or the API server restarts, so it is taken up again from the last line.
   */
  async *log(name: string, uid: string, sinceNs: string | null, signal?: AbortSignal): AsyncGenerator<OutputChunk> {
    let newest = sinceNs === null ? -1n : BigInt(sinceNs) - 1n
    while (!signal?.aborted) {
      const pod = await this.until(name, (state) => state?.metadata.uid !== uid || isReadable(state), signal)
      if (pod?.metadata.uid !== uid) return
      const follow = !hasEnded(pod)
      try {
        for await (const line of this.#read(name, newest < 0n ? null : String(newest), follow, signal)) {
          if (BigInt(line.atNs) <= newest) continue
          newest = BigInt(line.atNs)
          yield line
        }
        // What came between the end of following and the end of the pod is read with the whole log once more.
        if (!follow) return
      } catch (error) {
        if (signal?.aborted) return
        if (isStatus(error, 404)) return
        if (!isUnavailable(error)) throw error
      }
      await delay(20, undefined, signal ? { signal } : {}).catch(() => undefined) // the loop looks at the signal
    }
  }

  async *#read(
    name: string,
    sinceNs: string | null,
    follow: boolean,
    signal?: AbortSignal,
  ): AsyncGenerator<OutputChunk> {
    const query = {
      container: CONTAINER,
      timestamps: 'true',
      follow: String(follow),
      ...(sinceNs === null ? {} : { sinceTime: sinceTime(sinceNs) }),
    }
    const parser = new PodLogParser()
    for await (const bytes of this.#api.stream(`${this.path(name)}/log`, { query, signal })) yield* parser.push(bytes)
    // A line without an end may go on while the pod runs.
    if (!follow) yield* parser.end()
  }
}

/** Before a container has started there is no log to ask for. */
function isReadable(pod: Pod): boolean {
  const state = gameStatus(pod)
  return state?.running !== undefined || hasEnded(pod)
}
