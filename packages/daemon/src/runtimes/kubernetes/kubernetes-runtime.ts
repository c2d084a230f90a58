import { AppError } from '@hatchery/core/errors'
import type {
  InstallResult,
  InstallSpec,
  OnProgress,
  OutputChunk,
  OutputOptions,
  RunningProcess,
  Runtime,
  RuntimeCapabilities,
  RuntimeSpec,
  ServerId,
} from '@hatchery/core/runtime'
import { singleLine } from '../docker/stdin.ts'
import { ClusterApi, isStatus, type ClusterAccess } from './api.ts'
import { runInstallPod } from './install-pod.ts'
import {
  LABEL,
  dataClaim,
  environmentSecret,
  installScript,
  names,
  runPlan,
  stopScript,
  type ObjectContext,
  type Pod,
  type RunPlan,
} from './objects.ts'
import { PodInputs, execute } from './pod-input.ts'
import { readMetrics } from './pod-metrics.ts'
import { Pods } from './pods.ts'
import { asProcess, endedPatch, endedRun, gameStatus, hasEnded, startFailure } from './run-state.ts'

export interface KubernetesRuntimeOptions extends ClusterAccess, Partial<Omit<ObjectContext, 'installation'>> {
  /** Marks what this agent makes; pods and other objects without it are never touched. */
  readonly installation: string
  /** @default 'default' */
  readonly namespace?: string
  /** A pod that has not started after this long has no room, or its image does not come. @default 600000 */
  readonly startTimeoutMs?: number
}

/**
 * Runs each server in a pod of its own.
 *
 * @experimental Proven against an API server made for tests, never against a cluster; the command line does not offer it.
 * A server's files lie in a volume claim that this runtime makes and never removes; no `Volumes`, `FileTree` or `Endpoints`
 * for clusters exist so far.
 */
export class KubernetesRuntime implements Runtime {
  readonly name = 'kubernetes'
  readonly installRefusal = null
  readonly capabilities: RuntimeCapabilities = {
    isolation: true,
    limits: true,
    // Clusters can, from 1.35 on; this runtime does not ask for it.
    liveResize: false,
    ioWeight: false,
    exec: false,
    images: true,
    install: true,
  }
  readonly #api: ClusterApi
  readonly #pods: Pods
  readonly #inputs: PodInputs
  readonly #context: ObjectContext
  readonly #namespace: string
  readonly #startTimeoutMs: number

  constructor(options: KubernetesRuntimeOptions) {
    const { installation, namespace = 'default', startTimeoutMs = 600_000 } = options
    const { storageClass = null, defaultDiskMiB = 10_240, graceSeconds = 120 } = options
    this.#api = new ClusterApi(options)
    this.#namespace = namespace
    this.#startTimeoutMs = startTimeoutMs
    this.#context = { installation, storageClass, defaultDiskMiB, graceSeconds }
    this.#pods = new Pods(this.#api, namespace, installation)
    this.#inputs = new PodInputs(this.#api)
  }

  async check(signal?: AbortSignal): Promise<void> {
    await this.#api.call(this.#path('pods'), { query: { limit: '1' }, signal })
  }

  /** Images are pulled by the node that a pod lands on, so there is nothing to do before. */
  async prepareImage(image: string, onProgress: OnProgress): Promise<void> {
    onProgress({ current: 1, total: 1, unit: 'steps', detail: `The cluster pulls ${image} when the server starts.` })
  }

  async create(spec: RuntimeSpec, signal?: AbortSignal): Promise<void> {
    const [plan, pod] = await Promise.all([this.#plan(spec.server, signal), this.#pod(spec.server, signal)])
    if (pod && !hasEnded(pod)) throw new AppError('SERVER_BUSY', { id: spec.server, state: 'running' })
    await this.#ensureClaim(spec, signal)
    const { environment, plan: planName } = names(spec.server)
    await this.#apply('secrets', environment, environmentSecret(spec, 'game', this.#context), signal)
    const fresh = runPlan(spec, this.#context)
    await this.#apply('configmaps', planName, { ...fresh, data: { ...plan?.data, ...fresh.data } }, signal)
  }

  async start(server: ServerId, signal?: AbortSignal): Promise<void> {
    const { pod: name } = names(server)
    const plan = await this.#plan(server, signal)
    const manifest = plan?.data?.['pod']
    if (!manifest) throw failed(`server ${server} was not created`)
    let pod = await this.#pod(server, signal)
    if (pod && hasEnded(pod)) {
      await this.#pods.remove(pod, signal)
      pod = null
    }
    const { uid } = (pod ?? (await this.#pods.create(name, JSON.parse(manifest), signal))).metadata
    await this.#untilStarted(name, uid, signal)
  }

  async #untilStarted(name: string, uid: string, signal?: AbortSignal): Promise<void> {
    const timeout = AbortSignal.timeout(this.#startTimeoutMs)
    const either = signal ? AbortSignal.any([signal, timeout]) : timeout
    const isDecided = (pod: Pod | null) =>
      pod?.metadata.uid !== uid || gameStatus(pod)?.running !== undefined || hasEnded(pod) || startFailure(pod) !== null
    let pod: Pod | null
    try {
      pod = await this.#pods.until(name, isDecided, either)
    } catch (error) {
      if (signal?.aborted || !timeout.aborted) throw error
      const late = await this.#pods.find(name)
      if (late) await this.#pods.remove(late)
      throw failed(`no node has taken the server within ${this.#startTimeoutMs / 1000} s`, error)
    }
    const failure = pod && startFailure(pod)
    if (!pod || !failure) return
    // It would try for ever; the agent decides when to try again.
    await this.#pods.remove(pod, signal)
    if (failure.isImage) throw new AppError('IMAGE_PULL_FAILED', { image: name, reason: failure.reason })
    throw failed(failure.reason)
  }

  async stop(server: ServerId, method: Parameters<Runtime['stop']>[1], signal?: AbortSignal): Promise<void> {
    const pod = await this.#running(server, signal)
    if (!pod) return
    if (method.type === 'command') return this.#write(pod, method.command, signal)
    const word = method.type === 'signal' ? method.signal : 'SIGTERM'
    if (!/^SIG[A-Z0-9]+$/.test(word)) throw failed(`there is no signal ${word}`)
    const path = this.#pods.path(pod.metadata.name)
    try {
      await execute(this.#api, path, ['/bin/sh', '-c', stopScript(word.slice(3))], signal)
    } catch (error) {
      // It ended between the look and the signal.
      if (await this.#running(server, signal)) throw error
    }
  }

  async kill(server: ServerId, signal?: AbortSignal): Promise<void> {
    const pod = await this.#running(server, signal)
    if (pod) await this.#kill(server, pod, signal)
  }

  /** The pod takes its exit code along, so what it will be is written down first; a kill is a kill wherever it is cut off. */
  async #kill(server: ServerId, pod: Pod, signal?: AbortSignal): Promise<void> {
    const { startedAt } = asProcess(pod)
    const ended = { runKey: pod.metadata.uid, startedAt, finishedAt: Date.now(), exitCode: 137 }
    const plan = this.#path('configmaps', names(server).plan)
    await this.#api.find(plan, { method: 'PATCH', body: endedPatch(ended), signal })
    await this.#pods.remove(pod, signal)
  }

  async remove(server: ServerId, signal?: AbortSignal): Promise<void> {
    const { plan, environment, installer } = names(server)
    const pod = await this.#pod(server, signal)
    if (pod) await this.#pods.remove(pod, signal)
    if (!(await this.#plan(server, signal))) return
    for (const [kind, name] of [
      ['secrets', environment],
      ['secrets', installer],
      ['configmaps', installer],
      ['configmaps', plan],
    ] as const) {
      await this.#api.find(this.#path(kind, name), { method: 'DELETE', signal })
    }
  }

  async stdin(server: ServerId, line: string, signal?: AbortSignal): Promise<void> {
    const pod = await this.#running(server, signal)
    if (!pod) throw new AppError('SERVER_NOT_RUNNING', { id: server, state: 'offline' })
    await this.#write(pod, line, signal)
  }

  async *output(server: ServerId, options: OutputOptions, signal?: AbortSignal): AsyncGenerator<OutputChunk> {
    const pod = await this.#pod(server, signal)
    if (pod) yield* this.#pods.log(pod.metadata.name, pod.metadata.uid, options.sinceNs ?? null, signal)
  }

  /** Null also where the cluster measures nothing: figures are an addition that not every cluster has. */
  async stats(server: ServerId): Promise<Awaited<ReturnType<Runtime['stats']>>> {
    const pod = await this.#running(server)
    return pod && readMetrics(this.#api, this.#namespace, pod)
  }

  async inspect(server: ServerId): Promise<RunningProcess | null> {
    const [pod, plan] = await Promise.all([this.#pod(server), this.#plan(server)])
    if (pod) return asProcess(pod)
    return plan && endedRun(plan)
  }

  async waitForExit(server: ServerId, signal?: AbortSignal): Promise<RunningProcess> {
    const { pod: name } = names(server)
    let run: Pod | null = null
    const ended = await this.#pods.until(
      name,
      (pod) => {
        const isOver = pod === null || hasEnded(pod) || (run !== null && run.metadata.uid !== pod.metadata.uid)
        run = isOver ? run : pod
        return isOver
      },
      signal,
    )
    const last = run as Pod | null
    if (ended && (last === null || ended.metadata.uid === last.metadata.uid)) return asProcess(ended)
    const plan = await this.#plan(server, signal)
    const known = plan ? endedRun(plan) : null
    if (known && (last === null || known.runKey === last.metadata.uid)) return known
    // Taken away by somebody else: a drained node, an eviction. That is no exit of the game's own.
    const was = last ? asProcess(last) : null
    return {
      isRunning: false,
      startedAt: was?.startedAt ?? null,
      finishedAt: was ? Date.now() : null,
      exitCode: null,
      oomKilled: false,
      runKey: was?.runKey ?? null,
    }
  }

  async list(): Promise<readonly ServerId[]> {
    const labelSelector = `${LABEL.installation}=${this.#context.installation},${LABEL.role}=game`
    const { items } = await this.#api.call<{ items: readonly RunPlan[] }>(this.#path('configmaps'), {
      query: { labelSelector },
    })
    return items.flatMap(({ metadata }) => metadata.labels?.[LABEL.server] ?? [])
  }

  async resize(): Promise<void> {
    throw new AppError('NODE_UNSUPPORTED', { node: 'this cluster', capability: 'liveResize' })
  }

  async install(spec: InstallSpec, onLine: (line: string) => void, signal?: AbortSignal): Promise<InstallResult> {
    const { installer } = names(spec.server)
    await this.#ensureClaim(spec, signal)
    await this.#apply('secrets', installer, environmentSecret(spec, 'install', this.#context), signal)
    await this.#apply('configmaps', installer, installScript(spec, this.#context), signal)
    try {
      return await runInstallPod(this.#pods, this.#context, spec, onLine, signal)
    } finally {
      await this.#api.find(this.#path('secrets', installer), { method: 'DELETE' })
      await this.#api.find(this.#path('configmaps', installer), { method: 'DELETE' })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#inputs.close()
  }

  #path(kind: string, name?: string): string {
    return `/api/v1/namespaces/${this.#namespace}/${kind}${name === undefined ? '' : `/${name}`}`
  }

  #pod(server: ServerId, signal?: AbortSignal): Promise<Pod | null> {
    return this.#pods.find(names(server).pod, signal)
  }

  async #running(server: ServerId, signal?: AbortSignal): Promise<Pod | null> {
    const pod = await this.#pod(server, signal)
    return pod && !hasEnded(pod) ? pod : null
  }

  async #plan(server: ServerId, signal?: AbortSignal): Promise<RunPlan | null> {
    const plan = await this.#api.find<RunPlan>(this.#path('configmaps', names(server).plan), { signal })
    return plan?.metadata.labels?.[LABEL.installation] === this.#context.installation ? plan : null
  }

  #write(pod: Pod, line: string, signal?: AbortSignal): Promise<void> {
    return this.#inputs.write(this.#pods.path(pod.metadata.name), pod.metadata.uid, singleLine(line), signal)
  }

  /** Makes an object or replaces the one that this installation has made. */
  async #apply(kind: string, name: string, body: unknown, signal?: AbortSignal): Promise<void> {
    const existing = await this.#api.find<RunPlan>(this.#path(kind, name), { signal })
    if (!existing) return void (await this.#api.call(this.#path(kind), { method: 'POST', body, signal }))
    if (existing.metadata.labels?.[LABEL.installation] !== this.#context.installation) {
      throw new AppError('CONTAINER_CONFLICT', { name })
    }
    await this.#api.call(this.#path(kind, name), { method: 'PUT', body, signal })
  }

  async #ensureClaim(spec: RuntimeSpec, signal?: AbortSignal): Promise<void> {
    const body = dataClaim(spec, this.#context)
    try {
      await this.#api.call(this.#path('persistentvolumeclaims'), { method: 'POST', body, signal })
    } catch (error) {
      // It is there already, with the server's files.
      if (!isStatus(error, 409)) throw error
    }
  }
}

function failed(reason: string, cause?: unknown): AppError {
  return new AppError('RUNTIME_FAILED', { runtime: 'kubernetes', reason }, { cause })
}
