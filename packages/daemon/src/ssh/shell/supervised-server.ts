import { randomUUID } from 'node:crypto'
import type { ServerSupervisor } from '../../servers/server-supervisor.ts'
import type { ShellServer } from './shell-server.ts'

const PIECE_LINES = 500
/** Further behind than this, a viewer is brought to the newest lines. */
const MAX_BEHIND = 5_000

/** A server under supervision. Intents carry the name of whoever typed them. */
export function shellServerOf(
  server: ServerSupervisor,
  { name, who, now }: { readonly name: string; readonly who: string; readonly now: () => number },
): ShellServer {
  const { console: log } = server
  return {
    name,
    get state() {
      return server.state
    },
    stats: () => server.stats(),
    power: (action) => void server.power(action, { operation: randomUUID(), who, when: now() }),
    command: (line, signal) => server.command(line, signal),
    async newest(count) {
      await log.flushed()
      return log.readAfter(log.startOfNewest(count), count)
    },
    async *follow(count, signal) {
      let wake: () => void = () => undefined
      const stop = log.onStored(() => wake())
      const onAbort = () => wake()
      signal.addEventListener('abort', onAbort)
      let cursor = log.startOfNewest(count)
      try {
        while (!signal.aborted) {
          const stored = new Promise<void>((resolve) => (wake = resolve))
          const { run, line } = log.storedHead
          if (run === cursor.run && line - cursor.line > MAX_BEHIND) cursor = { run, line: line - PIECE_LINES }
          const lines = await log.readAfter(cursor, PIECE_LINES)
          const last = lines.at(-1)
          if (last) {
            cursor = { run: last.run, line: last.line }
            yield lines
          } else if (!signal.aborted) await stored
        }
      } finally {
        stop()
        signal.removeEventListener('abort', onAbort)
      }
    },
  }
}
