import type { ServerSpec } from '@hatchery/core/protocol'
import type { RuntimeSpec } from '@hatchery/core/runtime'
import type { ServerRecord } from '../state/server-store.ts'

/** What the runtime has to know: the panel's spec, and what the agent gave the server. */
export function toRuntimeSpec(record: ServerRecord, spec: ServerSpec, dataDirectory: string): RuntimeSpec {
  return {
    server: record.id,
    image: spec.image,
    startup: spec.startup,
    environment: spec.environment,
    limits: spec.limits,
    allocations: spec.allocations,
    dataDirectory,
    uid: record.uid,
    gid: record.gid,
    subnet: record.subnet,
  }
}

/** What the files of a server may take at most, in bytes; 0 without a limit. */
export function limitBytesOf(spec: ServerSpec | null): number {
  return (spec?.limits.diskMiB ?? 0) * 1024 * 1024
}
