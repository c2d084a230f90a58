import type { ServerSpec } from '@hatchery/core/protocol'
import type { LifecycleSettings } from '@hatchery/core/server'
import type { ServerContext } from './server-context.ts'

/** A person's stop is ended by a kill after this long at the latest, so that an unattended restart does not hang for ever. */
const STOP_KILL_MS = 10 * 60_000
const WITHOUT_SPEC = {
  crashPolicy: { isEnabled: false, treatCleanExitAsCrash: false, maxRestarts: 0, windowMs: 0, backoffMs: 0 },
  stopTimeoutMs: 30_000,
}

/** The rules of a server's life, from its spec. One that has none (an orphan) is never restarted. */
export function lifecycleSettings(ctx: ServerContext, spec: ServerSpec | null): LifecycleSettings {
  const { crashPolicy, stopTimeoutMs } = spec ?? WITHOUT_SPEC
  return {
    crashPolicy,
    stopTimeoutMs,
    stopKillMs: Math.max(stopTimeoutMs, STOP_KILL_MS),
    mayStart: ctx.mayStart && !ctx.stopping.aborted,
  }
}
