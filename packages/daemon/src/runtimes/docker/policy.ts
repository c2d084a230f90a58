import type { ContainerCreateOptions, HostConfig, MountSettings } from 'dockerode'
import type { RuntimeSpec } from '@hatchery/core/runtime'
import { containerEnvironment } from '../container-environment.ts'
import { SIGNAL_WHOLE_GROUP } from '../shell-line.ts'
import { LABEL, containerName, networkName } from './names.ts'
import type { StartCommand } from './startup.ts'

const MIB = 1024 * 1024

/** Where a server sees its data. */
export const DATA_PATH = '/home/container'

/**
 * The container policy (RULES 18), all of it. Both kinds drop every capability, then get back what is listed;
 * a test reads each row back with `docker inspect`.
 */
export const POLICY = {
  game: {
    capAdd: [] as string[],
    isReadOnly: true,
    tmpMiB: 128,
    /** Size of the tmpfs that stands in for each VOLUME the image declares. */
    volumeMiB: 64,
    log: { maxSize: '32m', maxFile: '3' },
  },
  install: {
    /** What package managers need to unpack as root, and no more. */
    capAdd: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'SETUID', 'SETGID'],
    isReadOnly: false,
    tmpMiB: 512,
    volumeMiB: 512,
    pids: 512,
    /** A package manager needs room even where the server has little. */
    minimumMemoryMiB: 1024,
    /** The writable layer may grow by this much. */
    layerMiB: 4096,
    log: { maxSize: '32m', maxFile: '2' },
  },
} as const

export interface PolicyContext {
  readonly installation: string
  readonly image: string
  /** Paths of the VOLUMEs that the image declares. */
  readonly volumes: readonly string[]
  readonly hasInit: boolean
  readonly hasIoWeight: boolean
  readonly dns: readonly string[]
}

/** Create options of a game container; a pure function of what it is given. */
export function gameContainer(spec: RuntimeSpec, start: StartCommand, context: PolicyContext): ContainerCreateOptions {
  const rules = POLICY.game
  const { needsInit, ...command } = start
  return {
    name: containerName(spec.server),
    Image: context.image,
    ...command,
    Hostname: spec.server.slice(0, 8),
    User: `${spec.uid}:${spec.gid}`,
    WorkingDir: DATA_PATH,
    Env: environment({
      HOME: DATA_PATH,
      USER: 'container',
      ...SIGNAL_WHOLE_GROUP,
      ...containerEnvironment(spec),
      STARTUP: spec.startup,
    }),
    OpenStdin: true,
    StdinOnce: false,
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    // A terminal, as in all of the field: C programs flush line by line, and consoles that ask for a terminal work.
    Tty: true,
    Labels: labels(spec.server, 'game', context.installation),
    ExposedPorts: exposedPorts(spec),
    HostConfig: {
      ...sharedHostConfig(rules, context),
      Init: needsInit && context.hasInit,
      Mounts: [dataMount(spec.dataDirectory, DATA_PATH)],
      Tmpfs: tmpfs(
        rules,
        context.volumes.filter((path) => path !== DATA_PATH),
        spec,
      ),
      NetworkMode: networkName(spec.server),
      PortBindings: portBindings(spec),
      ...limits(spec, context.hasIoWeight),
    },
  }
}

/** What a game container and an installer share. */
export function sharedHostConfig(
  rules: (typeof POLICY)['game' | 'install'],
  context: Pick<PolicyContext, 'dns'>,
): HostConfig {
  return {
    Privileged: false,
    CapDrop: ['ALL'],
    CapAdd: [...rules.capAdd],
    SecurityOpt: ['no-new-privileges'],
    ReadonlyRootfs: rules.isReadOnly,
    RestartPolicy: { Name: 'no' },
    IpcMode: 'private',
    LogConfig: {
      Type: 'local',
      Config: { 'max-size': rules.log.maxSize, 'max-file': rules.log.maxFile, compress: 'false' },
    },
    ...(context.dns.length > 0 ? { Dns: [...context.dns] } : {}),
  }
}

export const labels = (server: string, kind: 'game' | 'install', installation: string) => ({
  [LABEL.server]: server,
  [LABEL.installation]: installation,
  [LABEL.kind]: kind,
})

export const dataMount = (source: string, target: string): MountSettings => ({
  Type: 'bind',
  Source: source,
  Target: target,
  ReadOnly: false,
})

/** `owner`: a mount over a directory of the image keeps that directory's mode, so the mode alone lets nobody in. */
export function tmpfs(
  rules: { readonly tmpMiB: number; readonly volumeMiB: number },
  volumes: readonly string[],
  owner: { readonly uid: number; readonly gid: number },
) {
  const options = (sizeMiB: number) =>
    `rw,exec,nosuid,nodev,mode=1777,uid=${owner.uid},gid=${owner.gid},size=${sizeMiB}m`
  return {
    '/tmp': options(rules.tmpMiB),
    ...Object.fromEntries(volumes.filter((path) => path !== '/tmp').map((path) => [path, options(rules.volumeMiB)])),
  }
}

/** `NAME=value` lines; names that no process could be given are left out. */
export function environment(variables: Readonly<Record<string, string>>): string[] {
  return Object.entries(variables)
    .filter(([name, value]) => /^[^=\0]+$/.test(name) && !value.includes('\0'))
    .map(([name, value]) => `${name}=${value}`)
}

type Limits = RuntimeSpec['limits']

/** A game may use a little more than it was sold, so that a Java heap of that size fits; smaller servers need more of it. */
export function memoryBytes(memoryMiB: number): number {
  const factor = memoryMiB <= 2048 ? 1.15 : memoryMiB <= 4096 ? 1.1 : 1.05
  return Math.round(memoryMiB * factor) * MIB
}

/** Limits that a running container can be changed to as well. */
export function resources(limits: Limits) {
  const memory = limits.memoryMiB === 0 ? 0 : memoryBytes(limits.memoryMiB)
  const isSwapLimited = limits.swapMiB !== -1 && memory > 0
  return {
    Memory: memory,
    MemoryReservation: limits.memoryMiB * MIB,
    MemorySwap: isSwapLimited ? memory + limits.swapMiB * MIB : memory === 0 ? 0 : -1,
    CpuPeriod: limits.cpuPercent === 0 ? 0 : 100_000,
    CpuQuota: limits.cpuPercent * 1000,
    CpusetCpus: limits.cpuPinning ?? '',
    PidsLimit: limits.pids,
  }
}

function limits(spec: RuntimeSpec, hasIoWeight: boolean): HostConfig {
  return { ...resources(spec.limits), ...(hasIoWeight ? { BlkioWeight: spec.limits.ioWeight } : {}) }
}

const keys = (port: number) => [`${port}/tcp`, `${port}/udp`]

function exposedPorts(spec: RuntimeSpec): Record<string, object> {
  return Object.fromEntries(spec.allocations.flatMap(({ port }) => keys(port).map((key) => [key, {}])))
}

function portBindings(spec: RuntimeSpec): Record<string, { HostIp: string; HostPort: string }[]> {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {}
  for (const { ip, port } of spec.allocations) {
    for (const key of keys(port)) (bindings[key] ??= []).push({ HostIp: ip, HostPort: String(port) })
  }
  return bindings
}
