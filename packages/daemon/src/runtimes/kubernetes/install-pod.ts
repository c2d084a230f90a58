import { AppError } from '@hatchery/core/errors'
import type { InstallResult, InstallSpec } from '@hatchery/core/runtime'
import { installPod, names, type ObjectContext, type Pod } from './objects.ts'
import type { Pods } from './pods.ts'
import { gameStatus, hasEnded, startFailure } from './run-state.ts'

/** Exit code of a script that was ended by its deadline, as `timeout` gives it. */
const TIMED_OUT = 124

/** Runs an install script in a pod of its own, which is gone when this returns. Script and variables lie in the cluster already. */
export async function runInstallPod(
  pods: Pods,
  context: ObjectContext,
  spec: InstallSpec,
  onLine: (line: string) => void,
  signal?: AbortSignal,
): Promise<InstallResult> {
  const { installer: name } = names(spec.server)
  const leftover = await pods.find(name, signal)
  if (leftover) await pods.remove(leftover, signal)
  const deadline = AbortSignal.timeout(spec.deadlineMs)
  const ending = signal ? AbortSignal.any([signal, deadline]) : deadline
  let pod: Pod | null = null
  try {
    pod = await pods.create(name, installPod(spec, context), ending)
    const { uid } = pod.metadata
    const begun = await pods.until(name, (state) => state === null || hasBegun(state), ending)
    const failure = begun && startFailure(begun)
    if (failure) {
      const details = { image: spec.script.image, reason: failure.reason }
      throw failure.isImage
        ? new AppError('IMAGE_PULL_FAILED', details)
        : new AppError('RUNTIME_FAILED', { runtime: 'kubernetes', reason: failure.reason })
    }
    for await (const { text } of pods.log(name, uid, null, ending)) onLine(text)
    const ended = await pods.until(name, (state) => state?.metadata.uid !== uid || hasEnded(state), ending)
    const end = ended && gameStatus(ended)?.terminated
    if (!end) throw new AppError('RUNTIME_FAILED', { runtime: 'kubernetes', reason: 'the installer was taken away' })
    return { exitCode: end.exitCode, oomKilled: end.reason === 'OOMKilled' }
  } catch (error) {
    if (signal?.aborted) throw new AppError('CANCELLED', {}, { cause: error })
    if (!deadline.aborted) throw error
    onLine(`[hatchery] The install script was ended after ${Math.round(spec.deadlineMs / 1000)} s.`)
    return { exitCode: TIMED_OUT, oomKilled: false }
  } finally {
    const left = pod ?? (await pods.find(name))
    if (left) await pods.remove(left)
  }
}

function hasBegun(pod: Pod): boolean {
  return gameStatus(pod)?.running !== undefined || hasEnded(pod) || startFailure(pod) !== null
}
