import type { Static } from 'typebox'
import type { NodeHost } from '../api/schemas/nodes.ts'
import type { AgentMethod, AgentParams, AgentResult, DurableEvent, EphemeralEvent } from './methods.ts'
import type { PanelMethod, PanelParams, PanelResult } from './panel-methods.ts'
import type { Generation } from './spec.ts'

/** The little of a WebSocket that the protocol needs. `ws` and browser sockets fit behind a ten-line adapter. */
export interface ProtocolSocket {
  /** Binary frames only. */
  send(data: Uint8Array): void
  close(code: number, reason: string): void
  /** Bytes accepted by `send` that have not left yet. */
  readonly bufferedAmount: number
  onMessage(listener: (data: Uint8Array) => void): void
  onClose(listener: (code: number, reason: string) => void): void
}

/** What an agent says of itself inside the handshake transcript. */
export interface AgentHello {
  readonly installation: string
  /** Highest spec generation it has stored; a panel that knows less was restored from an old dump. */
  readonly highestGeneration: Generation
  /** Identity of its outbox; events are `(incarnation, seq)`. */
  readonly incarnation: string
  /** Last acknowledgement of the panel that it has seen. */
  readonly acknowledgedSeq: number
  readonly host: Static<typeof NodeHost>
}

/** What the panel answers. */
export interface PanelHello {
  readonly node: string
  readonly panelEpoch: number
  /** Rises with every proven connection of the node (RULES 13). */
  readonly sessionEpoch: number
  /** The last durable event that the panel has stored of this incarnation; the agent sends from there. */
  readonly storedSeq: number
  /** The agent shall send a `snapshot` event. */
  readonly wantsSnapshot: boolean
  /** No destructive operation until an administrator confirms (RULES 1). */
  readonly isRecovery: boolean
}

/** A durable event on the wire. An event with an unknown name is stored raw and acknowledged. */
export interface SequencedEvent {
  readonly incarnation: string
  readonly seq: number
  readonly at: number
  readonly event: DurableEvent
}

/** Where an agent keeps what the panel has not acknowledged. Every method is durable when it returns. */
export interface Outbox {
  readonly incarnation: string
  /** Appends and returns the sequence number. */
  append(event: DurableEvent, at: number): number
  /** Events after `seq`, oldest first. */
  read(afterSeq: number, limit: number): readonly SequencedEvent[]
  acknowledge(seq: number): void
  readonly acknowledgedSeq: number
  readonly lastSeq: number
  /**
   * Drops everything and begins again at seq 1 under a new incarnation: called when the panel has stored more than the
   * outbox has ever sent, because the state file was restored from a copy (RULES 9).
   */
  renew?(): void
}

export interface CallOptions {
  /** @default the method's own */
  readonly deadlineMs?: number
  readonly signal?: AbortSignal
}

/** The panel's end of a proven connection to an agent. */
export interface PanelSession {
  readonly hello: AgentHello
  readonly agent: { readonly version: string; readonly keyId: string }
  /** What both sides can do. */
  readonly features: readonly string[]
  /** Agent clock minus panel clock, measured in the handshake. */
  readonly clockOffsetMs: number
  /**
   * Calls a method of the agent.
   * @throws AppError with the agent's code; `DEADLINE_EXCEEDED`; `CONNECTION_LOST` (the call may have been carried out)
   */
  call<M extends AgentMethod>(method: M, params: AgentParams<M>, options?: CallOptions): Promise<AgentResult<M>>
  close(reason: string): void
  /** Settles when the connection has ended, with the reason. */
  readonly closed: Promise<string>
}

export interface PanelSessionHandlers {
  /** Stores the events and the high-water mark in one transaction; they are acknowledged when the promise resolves. */
  onEvents(events: readonly SequencedEvent[]): Promise<void>
  onEphemeral(event: EphemeralEvent): void
  /**
   * What the panel does for the agent. Taken only while the feature `panel-calls` is in force; a method without a handler
   * is answered `METHOD_UNKNOWN`. The agent has proved which node it is and nothing more: a handler checks that the node may ask.
   */
  readonly methods?: Partial<PanelHandlers>
}

export type PanelHandlers = {
  readonly [M in PanelMethod]: (params: PanelParams<M>, signal: AbortSignal) => Promise<PanelResult<M>>
}

export type AgentHandlers = {
  readonly [M in AgentMethod]: (params: AgentParams<M>, signal: AbortSignal) => Promise<AgentResult<M>>
}

/** The agent's end. */
export interface AgentSession {
  readonly hello: PanelHello
  readonly panel: { readonly name: string; readonly version: string }
  /** What both sides can do. */
  readonly features: readonly string[]
  /** Panel clock minus agent clock; the agent judges expiry in panel time. */
  readonly clockOffsetMs: number
  /**
   * Calls a method of the panel.
   * @throws AppError with the panel's code; `METHOD_UNKNOWN` at once when the feature `panel-calls` is not in force;
   * `DEADLINE_EXCEEDED`; `CONNECTION_LOST`
   */
  call<M extends PanelMethod>(method: M, params: PanelParams<M>, options?: CallOptions): Promise<PanelResult<M>>
  /** Sends at the next tick (≤ 20 ms); console lines of one server are joined into one frame. */
  emit(event: EphemeralEvent): void
  /** True while the connection cannot take more console output; the caller counts what it skips. */
  readonly isCongested: boolean
  /** The same for one server: true while its own lines wait, whatever others do. Lines emitted nevertheless are skipped with a count. */
  isServerCongested(server: string): boolean
  /** Tells the session that the outbox has new events. */
  flushOutbox(): void
  close(reason: string): void
  readonly closed: Promise<string>
}
