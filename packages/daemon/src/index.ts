export { createDaemon, type Daemon, type DaemonOptions, type DaemonParts } from './create-daemon.ts'
export {
  createKubernetesRuntime,
  inCluster,
  type ClusterAccess,
  type KubernetesRuntime,
  type KubernetesRuntimeOptions,
} from './runtimes/kubernetes/index.ts'
