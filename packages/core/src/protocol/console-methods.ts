import { Type } from 'typebox'
import { Nullable, Uuid } from '../api/schemas/common.ts'
import { ConsoleRun, ConsoleSearch } from '../api/schemas/console-log.ts'
import { ConsoleLine } from '../api/schemas/servers.ts'
import type { MethodSpec } from './methods.ts'

/** What an agent keeps of consoles on its disk. */
export const CONSOLE_METHODS = {
  'console.search': {
    class: 'read',
    deadlineMs: 15_000,
    summary: 'Find stored console lines, the newest first; a cursor goes on with older ones',
    params: Type.Object({ server: Uuid, ...ConsoleSearch }),
    result: Type.Object({
      lines: Type.Array(ConsoleLine),
      /** Lines before this one were not looked at yet; null when all were. */
      before: Nullable(Type.String({ pattern: '^\\d+:\\d+$' })),
    }),
  },
  'console.runs': {
    class: 'read',
    deadlineMs: 10_000,
    summary: 'List the runs of which something is stored, the newest first',
    params: Type.Object({ server: Uuid }),
    result: Type.Object({ runs: Type.Array(ConsoleRun) }),
  },
} as const satisfies Record<string, MethodSpec>
