import type { AgentSession, EphemeralEvent } from '@hatchery/core/protocol'
import type { PanelFeed } from '../servers/server-context.ts'

/** The session with the panel, if there is one. What is said without one is only kept if it is in the outbox. */
export class PanelConnection implements PanelFeed {
  #session: AgentSession | null = null

  get session(): AgentSession | null {
    return this.#session
  }

  open(session: AgentSession): void {
    this.#session = session
  }

  /** Forgets a session that has ended; a newer one stays. */
  end(session: AgentSession): boolean {
    if (this.#session !== session) return false
    this.#session = null
    return true
  }

  emit(event: EphemeralEvent): void {
    this.#session?.emit(event)
  }

  isCongested(server: string): boolean {
    return this.#session?.isServerCongested(server) ?? true
  }

  flush(): void {
    this.#session?.flushOutbox()
  }
}
