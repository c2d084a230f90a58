/** What a format cannot hold, or holds in another way; `REFUSED` is what keeps the panel from importing the file at all. */
export type EggLossCode =
  | 'REFUSED'
  | 'ABOUT'
  | 'STARTUP_COMMAND'
  | 'LABEL'
  | 'UNKNOWN_KEY'
  | 'PLACEHOLDER'
  | 'RESERVED_NAME'
  | 'CONFIG_FILE'
  | 'REPLACEMENT'
  | 'PARSER'
  | 'READY'
  | 'STOP'
  | 'INSTALL'
  | 'NETWORK'
  | 'VARIABLE'
  | 'VARIABLE_TEXT'
  | 'VARIABLE_ORDER'
  | 'VARIABLE_SECRET'
  | 'RULE'
  | 'TRANSLATION'

export interface EggLoss {
  readonly code: EggLossCode
  /** JSON pointer into Hatchery's own form of the egg that was exported. */
  readonly pointer: string
  /** One sentence. */
  readonly message: string
}

/** Collects what an export leaves out, and what it writes in another way that means the same. */
export class LossList {
  readonly losses: EggLoss[] = []
  readonly changes: EggLoss[] = []

  lose(code: EggLossCode, pointer: string, message: string): void {
    this.losses.push({ code, pointer, message })
  }

  change(code: EggLossCode, pointer: string, message: string): void {
    this.changes.push({ code, pointer, message })
  }
}
