import { AppError } from '@hatchery/core/errors'

/** Place in a server's console: run number, then line number within the run. */
export interface ConsoleCursor {
  readonly run: number
  readonly line: number
}

/** @throws AppError `CURSOR_INVALID` */
export function parseCursor(text: string): ConsoleCursor {
  const [, run, line] = /^(\d{1,15}):(\d{1,15})$/.exec(text) ?? []
  if (run === undefined || line === undefined) throw new AppError('CURSOR_INVALID')
  return { run: Number(run), line: Number(line) }
}

export function compareCursors(a: ConsoleCursor, b: ConsoleCursor): number {
  return a.run - b.run || a.line - b.line
}
