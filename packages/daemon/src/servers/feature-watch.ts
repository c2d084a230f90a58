import { matchFeature } from '@hatchery/core/eggs'
import type { LifecycleDriver } from './lifecycle-driver.ts'
import type { ServerContext } from './server-context.ts'

/** Past this many lines of a run, only a starting server is still asking for something. */
const MAX_LINES = 5_000

/** Watches the console for what the features of the egg wait for: a licence to accept, another Java, … */
export class FeatureWatch {
  readonly #ctx: ServerContext
  readonly #driver: LifecycleDriver
  #lines = 0

  constructor(ctx: ServerContext, driver: LifecycleDriver) {
    this.#ctx = ctx
    this.#driver = driver
  }

  onLine(line: string): void {
    const { spec, pendingFeatures, lifecycle } = this.#driver.record
    if (!spec || spec.features.length === 0) return
    if (++this.#lines > MAX_LINES && lifecycle.process !== 'starting') return
    const feature = matchFeature(spec.features, line)?.feature
    if (feature === undefined || pendingFeatures.includes(feature)) return
    this.#store([...pendingFeatures, feature], feature, line, true)
  }

  /** The question was answered. */
  settle(feature: string): void {
    const { pendingFeatures } = this.#driver.record
    if (!pendingFeatures.includes(feature)) return
    const others = pendingFeatures.filter((name) => name !== feature)
    this.#store(others, feature, '', false)
  }

  /** A new run asks again for what it still needs. */
  reset(): void {
    this.#lines = 0
    for (const feature of this.#driver.record.pendingFeatures) this.settle(feature)
  }

  #store(pendingFeatures: readonly string[], feature: string, line: string, isPending: boolean): void {
    const { state, now, panel } = this.#ctx
    const data = { server: this.#driver.record.id, feature, line: line.slice(0, 1_000), isPending, at: now() }
    state.transaction(() => {
      this.#driver.update({ pendingFeatures }, { isReported: false })
      state.outbox.append({ name: 'server.feature', data }, now())
    })
    panel.flush()
  }
}
