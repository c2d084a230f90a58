import type { InstallSpec, RuntimeSpec, ServerId } from '@hatchery/core/runtime'
import { containerEnvironment } from '../container-environment.ts'
import { DATA_PATH, POLICY, memoryBytes } from '../docker/policy.ts'
import { waitingShellLine } from '../shell-line.ts'

/** Labels by which an agent knows what it made; nothing without its installation is ever touched. */
export const LABEL = {
  server: 'hatchery.dev/server',
  installation: 'hatchery.dev/installation',
  /** `game` or `install`. */
  role: 'hatchery.dev/role',
} as const

/** Container within a pod. Clusters add containers of their own, so that a pod's first one may be somebody else's. */
export const CONTAINER = 'game'

export const names = (server: ServerId) => ({
  pod: `hatchery-${server}`,
  /** Pod to be made by the next start, and what is known of the last run. */
  plan: `hatchery-${server}`,
  environment: `hatchery-${server}-env`,
  claim: `hatchery-${server}-data`,
  installer: `hatchery-${server}-install`,
})

export interface ObjectContext {
  readonly installation: string
  /** Class of the claims for servers' files; the cluster's default without it. */
  readonly storageClass: string | null
  /** Size of a claim for a server without a disk limit. */
  readonly defaultDiskMiB: number
  /** How long the cluster lets a game save when it takes the pod away: when a node is drained, nobody stops it first. */
  readonly graceSeconds: number
}

export interface Pod {
  readonly metadata: {
    readonly name: string
    readonly uid: string
    readonly resourceVersion: string
    readonly labels?: Readonly<Record<string, string>>
  }
  readonly spec?: {
    readonly containers?: readonly {
      readonly name: string
      readonly resources?: { readonly limits?: { readonly memory?: string } }
    }[]
  }
  readonly status?: {
    readonly phase?: string
    readonly reason?: string
    readonly containerStatuses?: readonly {
      readonly name: string
      readonly state?: {
        readonly running?: { readonly startedAt: string }
        readonly waiting?: { readonly reason?: string; readonly message?: string }
        readonly terminated?: {
          readonly exitCode: number
          readonly reason?: string
          readonly startedAt?: string
          readonly finishedAt?: string
        }
      }
    }[]
  }
}

const metadata = (name: string, server: ServerId, role: 'game' | 'install', { installation }: ObjectContext) => ({
  name,
  labels: {
    'app.kubernetes.io/managed-by': 'hatchery',
    [LABEL.server]: server,
    [LABEL.installation]: installation,
    [LABEL.role]: role,
  },
})

/** The pod of one run: the container policy (RULES 18) in the words of Kubernetes. */
export function gamePod(spec: RuntimeSpec, context: ObjectContext) {
  const { pod, environment, claim } = names(spec.server)
  const rules = POLICY.game
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...metadata(pod, spec.server, 'game', context),
      annotations: { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false' },
    },
    spec: {
      ...podBase(spec),
      terminationGracePeriodSeconds: context.graceSeconds,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: spec.uid,
        runAsGroup: spec.gid,
        fsGroup: spec.gid,
        fsGroupChangePolicy: 'OnRootMismatch',
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: CONTAINER,
          image: spec.image,
          // A shell stays before the game: a pod has no init, and a first process ignores signals that it does not handle.
          command: ['/bin/sh', '-c', literal(waitingShellLine(spec.startup))],
          workingDir: DATA_PATH,
          // When a node is drained nobody else tells the game; the cluster's own signal reaches the first process only.
          lifecycle: { preStop: { exec: { command: ['/bin/sh', '-c', stopScript('TERM')] } } },
          stdin: true,
          stdinOnce: false,
          tty: true,
          envFrom: [{ secretRef: { name: environment } }],
          ports: spec.allocations.flatMap(({ port }) =>
            (['TCP', 'UDP'] as const).map((protocol) => ({ containerPort: port, protocol })),
          ),
          resources: resources(spec.limits),
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: rules.isReadOnly,
            capabilities: { drop: ['ALL'] },
          },
          volumeMounts: [
            { name: 'data', mountPath: DATA_PATH },
            { name: 'tmp', mountPath: '/tmp' },
          ],
        },
      ],
      volumes: [
        { name: 'data', persistentVolumeClaim: { claimName: claim } },
        { name: 'tmp', emptyDir: { medium: 'Memory', sizeLimit: `${rules.tmpMiB}Mi` } },
      ],
    },
  }
}

/** The pod of an installation: root, with what package managers need to unpack, and no more. */
export function installPod(spec: InstallSpec, context: ObjectContext) {
  const { installer, claim } = names(spec.server)
  const rules = POLICY.install
  const memoryMiB = spec.limits.memoryMiB === 0 ? 0 : Math.max(spec.limits.memoryMiB, rules.minimumMemoryMiB)
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: metadata(installer, spec.server, 'install', context),
    spec: {
      ...podBase(spec),
      // The agent ends it before; this is for an agent that is away.
      activeDeadlineSeconds: Math.ceil(spec.deadlineMs / 1000) + 60,
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsUser: 0, runAsGroup: 0, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: CONTAINER,
          image: spec.script.image,
          command: [...spec.script.entrypoint.split(/\s+/).filter(Boolean), '/mnt/install/install.sh'],
          workingDir: '/mnt/server',
          envFrom: [{ secretRef: { name: installer } }],
          resources: { ...resources({ ...spec.limits, memoryMiB }) },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: rules.isReadOnly,
            capabilities: { drop: ['ALL'], add: [...rules.capAdd] },
          },
          volumeMounts: [
            { name: 'data', mountPath: '/mnt/server' },
            { name: 'install', mountPath: '/mnt/install', readOnly: true },
            { name: 'tmp', mountPath: '/tmp' },
          ],
        },
      ],
      volumes: [
        { name: 'data', persistentVolumeClaim: { claimName: claim } },
        { name: 'install', configMap: { name: installer, defaultMode: 0o755 } },
        { name: 'tmp', emptyDir: { sizeLimit: `${rules.tmpMiB}Mi` } },
      ],
    },
  }
}

/** Tells every process but the first, and then that one, which waits for them. */
export const stopScript = (signal: string) => `kill -s ${signal} -- -1; kill -s ${signal} 1`

/** Kubernetes replaces `$(NAME)` in a command and makes one of two dollar signs; the shell is to see the line as it is. */
const literal = (text: string) => text.replaceAll('$', () => '$$')

const podBase = (spec: RuntimeSpec) => ({
  restartPolicy: 'Never',
  // A game has no business with the cluster's API.
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  shareProcessNamespace: false,
  hostname: spec.server.slice(0, 8),
})

function resources(limits: RuntimeSpec['limits']) {
  const memory = limits.memoryMiB === 0 ? {} : { memory: String(memoryBytes(limits.memoryMiB)) }
  const cpu = limits.cpuPercent === 0 ? {} : { cpu: `${limits.cpuPercent * 10}m` }
  // The whole memory is asked for, so that a node that is full ends nobody; of the processor a quarter.
  const share = limits.cpuPercent === 0 ? {} : { cpu: `${Math.ceil(limits.cpuPercent * 2.5)}m` }
  return { limits: { ...memory, ...cpu }, requests: { ...memory, ...share } }
}

export function environmentSecret(spec: RuntimeSpec, role: 'game' | 'install', context: ObjectContext) {
  const { environment, installer } = names(spec.server)
  const variables = { HOME: DATA_PATH, USER: 'container', ...containerEnvironment(spec), STARTUP: spec.startup }
  const entries = Object.entries(variables).filter(([name]) => /^[A-Za-z_][\w.-]*$/.test(name))
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: metadata(role === 'game' ? environment : installer, spec.server, role, context),
    stringData: Object.fromEntries(entries),
  }
}

export function installScript(spec: InstallSpec, context: ObjectContext) {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: metadata(names(spec.server).installer, spec.server, 'install', context),
    data: { 'install.sh': spec.script.script.replaceAll('\r\n', '\n') },
  }
}

/** What is kept between `create` and `start`: a cluster has no word for a container that does not run yet. */
export function runPlan(spec: RuntimeSpec, context: ObjectContext) {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: metadata(names(spec.server).plan, spec.server, 'game', context),
    data: { pod: JSON.stringify(gamePod(spec, context)) },
  }
}

export interface RunPlan {
  readonly metadata: { readonly labels?: Readonly<Record<string, string>> }
  readonly data?: Readonly<Record<string, string>>
}

export function dataClaim(spec: RuntimeSpec, context: ObjectContext) {
  const diskMiB = spec.limits.diskMiB === 0 ? context.defaultDiskMiB : spec.limits.diskMiB
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: metadata(names(spec.server).claim, spec.server, 'game', context),
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: `${diskMiB}Mi` } },
      ...(context.storageClass === null ? {} : { storageClassName: context.storageClass }),
    },
  }
}
