import type { EphemeralEvent } from '@hatchery/core/protocol'

export type ConsoleLine = EphemeralEvent<'console'>['data']['lines'][number]

/** A line as it is kept: with the engine's timestamp, from which following goes on after a pause. */
export interface StoredLine extends ConsoleLine {
  /** Empty for lines that do not come from the engine. */
  readonly atNs: string
}

const KINDS = { o: 'out', s: 'system', g: 'gap', i: 'input', l: 'install' } as const
const LETTERS = { out: 'o', system: 's', gap: 'g', input: 'i', install: 'l' } as const

/** One line of a log file. The run stands in the file's name. */
export function encodeLine({ line, kind, at, atNs, text }: StoredLine): string {
  return `${line}\t${LETTERS[kind]}\t${at}\t${atNs}\t${text}\n`
}

/** Null for what is no record, such as the torn end of a file. */
export function decodeLine(run: number, record: string): StoredLine | null {
  const [, line, letter, at, atNs, text] = /^(\d+)\t([osgil])\t(\d+)\t(\d*)\t([^]*)$/.exec(record) ?? []
  if (line === undefined || text === undefined || atNs === undefined) return null
  return { run, line: Number(line), kind: KINDS[letter as keyof typeof KINDS], at: Number(at), atNs, text }
}

/** The line as viewers get it. */
export function toConsoleLine({ run, line, at, kind, text }: StoredLine): ConsoleLine {
  return { run, line, at, kind, text }
}
