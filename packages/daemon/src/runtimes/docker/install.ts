import type { ContainerCreateOptions } from 'dockerode'
import { AppError } from '@hatchery/core/errors'
import type { InstallResult, InstallSpec } from '@hatchery/core/runtime'
import { containerEnvironment } from '../container-environment.ts'
import type { Engine } from './engine.ts'
import { isStatus } from './engine.ts'
import { followLog } from './follow-log.ts'
import { parseImageReference } from './image-reference.ts'
import { LABEL, installerName, networkName } from './names.ts'
import { POLICY, dataMount, environment, labels, memoryBytes, sharedHostConfig, tmpfs } from './policy.ts'
import { tarOf } from './tar.ts'

const MIB = 1024 * 1024
/** Exit code of a script that was ended by its deadline, as `timeout` gives it. */
const TIMED_OUT = 124
/** How often the size of an installer's layer is looked at. */
const LAYER_LOOK_MS = 5000

export interface InstallerContext {
  readonly engine: Engine
  readonly installation: string
  readonly dns: readonly string[]
}

/** Runs an install script in a container of its own, which is gone when this returns. */
export async function runInstaller(
  context: InstallerContext,
  spec: InstallSpec,
  onLine: (line: string) => void,
  signal?: AbortSignal,
): Promise<InstallResult> {
  const { engine } = context
  const name = installerName(spec.server)
  await removeLeftover(context, name, signal)
  const image = parseImageReference(spec.script.image).full
  const inspected = await engine.find((docker) => docker.getImage(image).inspect(), signal)
  if (!inspected) throw new AppError('IMAGE_PULL_FAILED', { image, reason: 'it is not on this machine' })

  const facts = await engine.facts()
  const options = installContainer(spec, {
    ...context,
    image,
    volumes: Object.keys(inspected.Config.Volumes ?? {}),
    hasInit: facts.hasInit,
  })
  const container = await engine.call((docker) => docker.createContainer(options), signal)
  let isLate = false
  try {
    const script = tarOf('mnt/install/install.sh', spec.script.script.replaceAll('\r\n', '\n'), 0o755)
    await engine.call(() => container.putArchive(script, { path: '/' }), signal)
    await engine.call(() => container.start(), signal)
    let isTooLarge = false
    const kill = () => void engine.find(() => container.kill()).catch(() => undefined) // ended meanwhile; removal is forced below
    const timer = setTimeout(() => {
      isLate = true
      onLine(`[hatchery] The install script was ended after ${Math.round(spec.deadlineMs / 1000)} s.`)
      kill()
    }, spec.deadlineMs)
    // The engine cannot bound the layer itself on most file systems, so it is measured.
    const meter = setInterval(() => {
      void layerBytes(context, container.id).then((bytes) => {
        if (bytes <= POLICY.install.layerMiB * MIB || isTooLarge) return
        isTooLarge = true
        onLine(
          `[hatchery] The install script wrote more than ${POLICY.install.layerMiB} MiB outside of /mnt/server and was ended.`,
        )
        kill()
      })
    }, LAYER_LOOK_MS)
    signal?.addEventListener('abort', kill, { once: true })
    try {
      const log = { container: container.id, isTty: false }
      let newest: string | null = null
      for await (const lines of followLog(engine, { ...log, sinceNs: null }, signal)) {
        for (const line of lines) onLine(line.text)
        newest = lines.at(-1)?.atNs ?? newest
      }
      const { StatusCode } = (await engine.call(() => container.wait(), signal)) as { StatusCode: number }
      // Following ends before a last line without an end.
      for await (const lines of followLog(engine, { ...log, sinceNs: newest, follow: false }, signal)) {
        for (const line of lines) if (newest === null || line.atNs > newest) onLine(line.text)
      }
      const { State } = await engine.call(() => container.inspect(), signal)
      return { exitCode: isLate ? TIMED_OUT : StatusCode, oomKilled: State.OOMKilled }
    } finally {
      clearTimeout(timer)
      clearInterval(meter)
      signal?.removeEventListener('abort', kill)
    }
  } catch (error) {
    throw signal?.aborted ? new AppError('CANCELLED', {}, { cause: error }) : error
  } finally {
    await engine.find(() => container.remove({ force: true, v: true }))
  }
}

/** Bytes in the writable layer; 0 when it cannot be told, as with a container that is just going away. */
async function layerBytes({ engine }: InstallerContext, id: string): Promise<number> {
  // The types do not know the option; the engine answers with one more field.
  const options: object = { size: true }
  const info = await engine.find((docker) => docker.getContainer(id).inspect(options)).catch(() => null)
  return (info as { SizeRw?: number } | null)?.SizeRw ?? 0
}

export function installContainer(
  spec: InstallSpec,
  context: InstallerContext & {
    readonly image: string
    readonly volumes: readonly string[]
    readonly hasInit: boolean
  },
): ContainerCreateOptions {
  const rules = POLICY.install
  const memoryMiB = spec.limits.memoryMiB === 0 ? 0 : Math.max(spec.limits.memoryMiB, rules.minimumMemoryMiB)
  const memory = memoryMiB === 0 ? 0 : memoryBytes(memoryMiB)
  return {
    name: installerName(spec.server),
    Image: context.image,
    Cmd: [...spec.script.entrypoint.split(/\s+/).filter(Boolean), '/mnt/install/install.sh'],
    Hostname: 'installer',
    User: '0:0',
    WorkingDir: '/mnt/server',
    Env: environment({ ...containerEnvironment(spec), STARTUP: spec.startup }),
    Tty: false,
    OpenStdin: false,
    Labels: labels(spec.server, 'install', context.installation),
    HostConfig: {
      ...sharedHostConfig(rules, context),
      Init: context.hasInit,
      Mounts: [dataMount(spec.dataDirectory, '/mnt/server')],
      Tmpfs: tmpfs(
        rules,
        context.volumes.filter((path) => !path.startsWith('/mnt/')),
        { uid: 0, gid: 0 },
      ),
      NetworkMode: networkName(spec.server),
      Memory: memory,
      MemorySwap: memory === 0 ? 0 : memory + 512 * MIB,
      PidsLimit: Math.max(rules.pids, spec.limits.pids),
    },
  }
}

/** An agent that crashed during an installation left its container behind. */
async function removeLeftover(
  { engine, installation }: InstallerContext,
  name: string,
  signal?: AbortSignal,
): Promise<void> {
  const leftover = await engine.find((docker) => docker.getContainer(name).inspect(), signal)
  if (!leftover) return
  if (leftover.Config.Labels[LABEL.installation] !== installation) throw new AppError('CONTAINER_CONFLICT', { name })
  try {
    await engine.find((docker) => docker.getContainer(name).remove({ force: true, v: true }), signal)
  } catch (error) {
    if (!isStatus(error, 409)) throw error
  }
}
