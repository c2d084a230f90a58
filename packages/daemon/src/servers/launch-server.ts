import { AppError } from '@hatchery/core/errors'
import type { ServerSpec } from '@hatchery/core/protocol'
import type { OnProgress } from '@hatchery/core/runtime'
import type { ServerRecord } from '../state/server-store.ts'
import { gatewayOf } from '../runtimes/docker/subnets.ts'
import { patchConfigFiles } from './patch-config-files.ts'
import { limitBytesOf, toRuntimeSpec } from './runtime-spec.ts'
import type { ServerContext } from './server-context.ts'

export interface LaunchSteps {
  /** Says in the console and to the panel what is being done. */
  phase(name: 'pulling' | 'preparing' | 'starting', text: string | null): void
  readonly onProgress: OnProgress
}

/**
 * All that lies between the wish to start and a live process: image, files, ports, container.
 * Each step can be repeated, so a launch that was cut off is simply made again.
 */
export async function launchServer(
  ctx: ServerContext,
  record: ServerRecord,
  spec: ServerSpec,
  steps: LaunchSteps,
  signal: AbortSignal,
): Promise<void> {
  const { runtime, volumes } = ctx
  const owner = { uid: record.uid, gid: record.gid }
  await runtime.check(signal)
  if (runtime.capabilities.images) {
    steps.phase('pulling', null)
    let isAnnounced = false
    await runtime.prepareImage(
      spec.image,
      (progress) => {
        if (!isAnnounced) steps.phase('pulling', `Pulling image ${spec.image}…`)
        isAnnounced = true
        steps.onProgress(progress)
      },
      signal,
    )
  }

  steps.phase('preparing', null)
  const volume = await volumes.create(record.id, owner, limitBytesOf(spec))
  const limitBytes = limitBytesOf(spec)
  if (limitBytes > 0 && (await volumes.usage(record.id)) > limitBytes) {
    const reason = `the files of the server take more than its ${spec.limits.diskMiB} MiB; delete some, or raise the limit`
    throw new AppError('DISK_FULL', { reason })
  }
  const patching = {
    dockerInterface: machineAddress(runtime, record.subnet),
    warn: (text: string) => steps.phase('preparing', text),
  }
  await patchConfigFiles(ctx.files(volume, owner), spec, patching, signal)
  const [taken] = await ctx.endpoints.conflicts(spec.allocations)
  if (taken !== undefined) throw new AppError('PORT_IN_USE', { port: taken })

  steps.phase('starting', 'Starting the server…')
  signal.throwIfAborted()
  await runtime.create(toRuntimeSpec(record, spec, volume.dataDirectory), signal)
  signal.throwIfAborted()
  await runtime.start(record.id, signal)
}

/** Where a server finds this machine: the first address of its own network, or loopback where it has none of its own. */
function machineAddress(runtime: ServerContext['runtime'], subnet: string | null): string | null {
  if (!runtime.capabilities.isolation) return '127.0.0.1'
  return subnet === null ? null : gatewayOf(subnet)
}
