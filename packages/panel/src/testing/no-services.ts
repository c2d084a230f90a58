import type { Context } from '../context.ts'
import type { BaseContext, Services } from '../services.ts'

/** A panel without nodes, jobs and live channels: for tests of what lies below them. */
export function noServices(base: BaseContext): Services {
  const absent = (name: string) =>
    new Proxy(Object.create(null) as object, {
      get: () => {
        throw new Error(`This test panel has no ${name}.`)
      },
    })
  return {
    context: {
      ...base,
      nodes: absent('nodes') as Context['nodes'],
      operations: absent('operations') as Context['operations'],
      summaries: absent('summaries') as Context['summaries'],
    },
    start: async () => undefined,
    handleUpgrade: () => false,
    close: async () => undefined,
  }
}
