import { Session } from 'node:inspector'

interface Counted {
  readonly result: readonly {
    readonly scriptId: string
    readonly url: string
    readonly functions: readonly {
      readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[]
    }[]
  }[]
}

/**
 * Which blocks of the library ran, counted by V8 itself. `take` answers what ran since it was asked last, as one text for
 * each block.
 */
export class Coverage {
  readonly #session = new Session()
  readonly #isWanted: (url: string) => boolean

  constructor(isWanted: (url: string) => boolean) {
    this.#isWanted = isWanted
    this.#session.connect()
    this.#post('Profiler.enable')
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  take(): string[] {
    let taken: Counted | undefined
    // The session answers within the call.
    this.#session.post('Profiler.takePreciseCoverage', (error, result) => {
      if (error) throw error
      taken = result
    })
    return (taken?.result ?? []).flatMap(({ scriptId, url, functions }) =>
      this.#isWanted(url)
        ? functions.flatMap(({ ranges }) =>
            ranges.flatMap(({ startOffset, endOffset, count }) =>
              count > 0 ? [`${scriptId}:${startOffset}:${endOffset}`] : [],
            ),
          )
        : [],
    )
  }

  /** The library runs at its full speed again. */
  stop(): void {
    this.#post('Profiler.stopPreciseCoverage')
  }

  [Symbol.dispose](): void {
    this.#session.disconnect()
  }

  #post(
    method: 'Profiler.enable' | 'Profiler.startPreciseCoverage' | 'Profiler.stopPreciseCoverage',
    parameters?: object,
  ): void {
    this.#session.post(method, parameters, (error: Error | null) => {
      if (error) throw error
    })
  }
}
