import type { ServerLifecycle } from '@hatchery/core/api'

const DEFAULT: ServerLifecycle = {
  crash: {
    isEnabled: true,
    treatCleanExitAsCrash: false,
    maxRestarts: 5,
    windowMs: 600_000,
    backoffMs: 2_000,
  },
  stopTimeoutMs: 30_000,
}

export function lifecycleOf(stored: string | null): ServerLifecycle {
  return stored === null ? DEFAULT : (JSON.parse(stored) as ServerLifecycle)
}
