/** Where a command writes to. A stream of Node, such as `process.stdout`, is one. */
export interface CommandOutput {
  write(text: string): unknown
  /** A person reads it: colours and a progress bar make sense. */
  readonly isTTY?: boolean
  /** Width in characters. */
  readonly columns?: number
}

/** Everything that a command touches beside the files it is given. */
export interface CommandIo {
  /** Read when a file is called `-`. */
  readonly stdin: AsyncIterable<Uint8Array | string>
  readonly stdout: CommandOutput
  readonly stderr: CommandOutput
  readonly env: Readonly<Record<string, string | undefined>>
  /** Milliseconds from any fixed moment. */
  readonly now: () => number
}

/** What a command ends with; `usage` means that it was called wrongly and has done nothing. */
export const EXIT = { clean: 0, findings: 1, unreadable: 2, usage: 64 } as const

/** The command line was not understood; the message says what is wrong. */
export class UsageError extends Error {}
