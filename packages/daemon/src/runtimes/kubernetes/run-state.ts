import type { RunningProcess } from '@hatchery/core/runtime'
import { CONTAINER, type Pod, type RunPlan } from './objects.ts'

/** What is written down of a run that is ended by taking its pod away, because its end is not to be read from a pod any more. */
export interface EndedRun {
  readonly runKey: string
  readonly startedAt: number | null
  readonly finishedAt: number
  readonly exitCode: number
}

export const NEVER_RAN: RunningProcess = {
  isRunning: false,
  startedAt: null,
  finishedAt: null,
  exitCode: null,
  oomKilled: false,
  runKey: null,
}

export const gameStatus = (pod: Pod) => pod.status?.containerStatuses?.find(({ name }) => name === CONTAINER)?.state

const isOver = (pod: Pod) => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'

export function hasEnded(pod: Pod): boolean {
  return gameStatus(pod)?.terminated !== undefined || isOver(pod)
}

/** A pod as a run. One that waits for its image or for room on a node has not started, and is not over. */
export function asProcess(pod: Pod): RunningProcess {
  const state = gameStatus(pod)
  const { terminated } = state ?? {}
  const startedAt = time(state?.running?.startedAt ?? terminated?.startedAt)
  return {
    isRunning: !hasEnded(pod),
    startedAt,
    finishedAt: hasEnded(pod) ? (time(terminated?.finishedAt) ?? startedAt) : null,
    // Without a container's own word the run was interrupted: evicted, or its node was lost. That is no exit code.
    exitCode: terminated?.exitCode ?? null,
    oomKilled: terminated?.reason === 'OOMKilled',
    runKey: pod.metadata.uid,
  }
}

const ENDED = 'ended'

export const endedPatch = (ended: EndedRun) => ({ data: { [ENDED]: JSON.stringify(ended) } })

export function endedRun(plan: RunPlan): RunningProcess {
  const text = plan.data?.[ENDED]
  return text === undefined ? NEVER_RAN : { isRunning: false, oomKilled: false, ...(JSON.parse(text) as EndedRun) }
}

function time(text: string | undefined): number | null {
  const value = Date.parse(text ?? '')
  return Number.isNaN(value) ? null : value
}

/** Why a pod will not start by waiting longer; null while there is hope. */
export function startFailure(pod: Pod): { readonly reason: string; readonly isImage: boolean } | null {
  const { waiting } = gameStatus(pod) ?? {}
  const reason = waiting?.reason ?? ''
  if (!/^(?:ErrImagePull|ImagePullBackOff|InvalidImageName|CreateContainer\w*Error|RunContainerError)$/.test(reason))
    return null
  return { reason: waiting?.message ?? reason, isImage: reason.includes('Image') }
}
