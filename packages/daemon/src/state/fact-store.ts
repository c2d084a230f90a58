import type { StateFile } from './state-file.ts'

type FactName = 'incarnation' | 'acknowledged' | 'runtime' | 'metering'

/** Single values that the agent remembers. */
export class FactStore {
  readonly #state: StateFile

  constructor(state: StateFile) {
    this.#state = state
  }

  read(name: FactName): string | null {
    return this.#state.sql.get<{ value: string }>('select value from facts where name = ?', name)?.value ?? null
  }

  store(name: FactName, value: string): string {
    this.#state.sql.run('insert or replace into facts (name, value) values (?, ?)', name, value)
    return value
  }
}
