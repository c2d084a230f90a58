import type { WriteStream } from 'node:tty'

/** Says what `hatchery up` is doing, a line a step. With `--json` the steps go to standard error. */
export interface Reporter {
  /** Runs one step: its title at once, its outcome and time when it is done. */
  step<T>(
    title: string,
    work: (update: (detail: string) => void) => Promise<T>,
    outcome?: (result: T) => string,
  ): Promise<T>
  line(text: string): void
}

export function createReporter(out: Pick<WriteStream, 'write' | 'isTTY'>, now: () => number): Reporter {
  const clear = out.isTTY ? '\r\u001b[2K' : ''
  return {
    line: (text) => void out.write(`${text}\n`),
    async step(title, work, outcome) {
      const started = now()
      const label = title.padEnd(14)
      let shown = ''
      const update = (detail: string) => {
        if (detail === shown) return
        shown = detail
        // Without a terminal each change is a line of its own, so that a log shows where it stands.
        out.write(out.isTTY ? `${clear}  ${label} ${detail}` : `  ${label} ${detail}\n`)
      }
      if (out.isTTY) update('…')
      try {
        const result = await work(update)
        out.write(`${clear}✔ ${label} ${outcome?.(result) ?? ''}  (${seconds(now() - started)})\n`)
        return result
      } catch (error) {
        out.write(`${clear}✘ ${label} ${error instanceof Error ? error.message : String(error)}\n`)
        throw error
      }
    },
  }
}

function seconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}
