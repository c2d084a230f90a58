import { randomUUID } from 'node:crypto'
import type { ServerSpec } from '@hatchery/core/protocol'

/** A small server without files and ports; tests change what they are about. */
export function serverSpec(change: Partial<ServerSpec> = {}): ServerSpec {
  return {
    id: randomUUID(),
    generation: { epoch: 1, n: 1 },
    name: 'A server',
    image: 'hatchery-test:latest',
    startup: 'run',
    environment: { STARTUP: 'run' },
    secretVariables: [],
    limits: { memoryMiB: 64, swapMiB: 0, diskMiB: 0, cpuPercent: 0, cpuPinning: null, ioWeight: 500, pids: 64 },
    allocations: [],
    done: ['ready'],
    stripAnsi: false,
    stop: { type: 'command', command: 'exit 0' },
    stopTimeoutMs: 5_000,
    configFiles: [],
    install: null,
    features: [],
    crashPolicy: { isEnabled: true, treatCleanExitAsCrash: false, maxRestarts: 2, windowMs: 60_000, backoffMs: 10 },
    holds: [],
    ...change,
  }
}

/** The part of a call that makes it an operation. */
export function newOperation(lifetimeMs: number | null = null) {
  return { operation: randomUUID(), requestedBy: 'tester', lifetimeMs }
}
