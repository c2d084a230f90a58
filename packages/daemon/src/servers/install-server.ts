import { AppError } from '@hatchery/core/errors'
import type { ServerSpec } from '@hatchery/core/protocol'
import type { OnProgress } from '@hatchery/core/runtime'
import type { ServerRecord } from '../state/server-store.ts'
import { limitBytesOf, toRuntimeSpec } from './runtime-spec.ts'
import type { ServerContext } from './server-context.ts'

export interface InstallSteps {
  phase(name: 'pulling' | 'installing' | 'finishing', text: string): void
  readonly onProgress: OnProgress
  onLine(line: string): void
}

/**
 * Runs an egg's install script in a container of its own, then puts the files right. Repeating it from the beginning is
 * safe: the runtime removes what is left of an earlier try.
 */
export async function installServer(
  ctx: ServerContext,
  record: ServerRecord,
  spec: ServerSpec,
  options: { readonly skipScript: boolean },
  steps: InstallSteps,
  signal: AbortSignal,
): Promise<void> {
  const { runtime, volumes } = ctx
  const owner = { uid: record.uid, gid: record.gid }
  await runtime.check(signal)
  const volume = await volumes.create(record.id, owner, limitBytesOf(spec))
  const script = options.skipScript ? null : spec.install

  if (script) {
    if (!runtime.capabilities.install) {
      throw new AppError('INSTALL_NOT_ISOLATED', {
        reason: runtime.installRefusal ?? 'this runtime has no way to run them',
      })
    }
    if (runtime.capabilities.images) {
      steps.phase('pulling', `Pulling install image ${script.image}…`)
      await runtime.prepareImage(script.image, steps.onProgress, signal)
    }
    steps.phase('installing', 'Running the install script…')
    const { exitCode, oomKilled } = await runtime.install(
      { ...toRuntimeSpec(record, spec, volume.dataDirectory), script, deadlineMs: ctx.installDeadlineMs },
      (line) => steps.onLine(line),
      signal,
    )
    if (exitCode !== 0) throw new AppError('INSTALL_FAILED', { exitCode, oomKilled })
  }
  signal.throwIfAborted()
  if (runtime.capabilities.images) {
    steps.phase('pulling', `Pulling image ${spec.image}…`)
    await runtime.prepareImage(spec.image, steps.onProgress, signal)
  }
  steps.phase('finishing', 'Setting owner and permissions of the files…')
  await volumes.normalise(record.id, owner)
}
