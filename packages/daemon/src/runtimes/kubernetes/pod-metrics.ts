import type { Runtime } from '@hatchery/core/runtime'
import type { ClusterApi } from './api.ts'
import { CONTAINER, type Pod } from './objects.ts'
import { asProcess } from './run-state.ts'

interface PodMetrics {
  readonly containers: readonly {
    readonly name: string
    readonly usage: { readonly cpu: string; readonly memory: string }
  }[]
}

type Stats = NonNullable<Awaited<ReturnType<Runtime['stats']>>>

/**
 * A reading from the metrics API; about 15 seconds old, as that API is. It counts neither network traffic nor processes:
 * traffic is given as 0 and the processes as the one that is surely there. null where the cluster has no metrics.
 */
export async function readMetrics(api: ClusterApi, namespace: string, pod: Pod): Promise<Stats | null> {
  const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods/${pod.metadata.name}`
  const usage = (await api.find<PodMetrics>(path))?.containers.find(({ name }) => name === CONTAINER)?.usage
  if (!usage) return null
  const at = Date.now()
  return {
    at,
    runKey: pod.metadata.uid,
    cpuMs: null,
    cpuPercent: Math.round(quantity(usage.cpu) * 100_000) / 1000,
    memoryBytes: Math.round(quantity(usage.memory)),
    memoryLimitBytes: memoryLimit(pod),
    networkRxBytes: 0,
    networkTxBytes: 0,
    uptimeMs: Math.max(0, at - (asProcess(pod).startedAt ?? at)),
    pids: 1,
  }
}

const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
}

/** A number as Kubernetes writes it: `250m`, `12345n`, `64Mi`. */
export function quantity(text: string): number {
  const [, number, suffix = ''] = /^([\d.]+(?:e\d+)?)([a-zA-Z]*)$/.exec(text) ?? []
  return Number(number) * (SUFFIXES[suffix] ?? Number.NaN)
}

function memoryLimit(pod: Pod): number {
  const limit = pod.spec?.containers?.find(({ name }) => name === CONTAINER)?.resources?.limits?.memory
  return limit === undefined ? 0 : quantity(limit)
}
