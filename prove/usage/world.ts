/** What a machine shows of one server, at one moment. */
export interface World {
  readonly server: string
  readonly monoMs: number
  /** Set by an hour now and then. */
  readonly wallMs: number
  readonly run: {
    readonly key: string
    readonly uptimeMs: number
    readonly cpuMs: number
    readonly rxBytes: number
    readonly txBytes: number
  }
}
