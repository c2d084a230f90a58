import { readFile } from 'node:fs/promises'
import { AppError } from '@hatchery/core/errors'
import type { ClusterAccess } from './api.ts'
import { KubernetesRuntime, type KubernetesRuntimeOptions } from './kubernetes-runtime.ts'

/**
 * Runs servers in pods of a Kubernetes cluster.
 *
 * @experimental See {@link KubernetesRuntime}.
 * @example createKubernetesRuntime({ ...(await inCluster()), installation, namespace: 'games' })
 */
export function createKubernetesRuntime(options: KubernetesRuntimeOptions): KubernetesRuntime {
  return new KubernetesRuntime(options)
}

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

/** How a pod reaches the API server of its own cluster: address from the environment, token and certificate from its service account. */
export async function inCluster(
  environment: Readonly<Record<string, string | undefined>>,
  directory: string = ACCOUNT,
): Promise<ClusterAccess> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = environment
  if (!host) throw new AppError('RUNTIME_UNAVAILABLE', { runtime: 'kubernetes', reason: 'this is no pod of a cluster' })
  return {
    url: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    ca: await readFile(`${directory}/ca.crt`, 'utf8'),
    // The cluster renews the file.
    token: async () => (await readFile(`${directory}/token`, 'utf8')).trim(),
  }
}

export type { ClusterAccess, KubernetesRuntime, KubernetesRuntimeOptions }
