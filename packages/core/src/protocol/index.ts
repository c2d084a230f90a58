export { acceptAgent, type AcceptOptions } from './accept-agent.ts'
export { runAgentLink, type AgentLinkOptions } from './agent-link.ts'
export { connectToPanel, type ConnectOptions } from './connect-to-panel.ts'
export { CreditBudget } from './credit-budget.ts'
export {
  BorrowedTickets,
  acceptDataStream,
  createDataTicket,
  lendDataTicket,
  openDataStream,
  type DataSocketOptions,
  type DataTicket,
  type LentTicket,
} from './data-socket.ts'
export { receiveResuming, type ResumeOptions } from './data-resume.ts'
export { DataStream, type DataStreamOptions } from './data-stream.ts'
export {
  DIRECT_TOKEN_MS,
  MAX_DIRECT_TOKEN_LENGTH,
  directTokenInvalid,
  signDirectToken,
  verifyDirectToken,
  type DirectAction,
  type DirectCheck,
  type DirectClaims,
} from './direct-token.ts'
export { isDurableEvent } from './durable-event.ts'
export type { FileMethod } from './file-methods.ts'
export type { UsageHour } from './metric-methods.ts'
export type { TransferMethod } from './transfer-methods.ts'
export { type LinkOptions } from './link-options.ts'
export { memoryOutbox } from './memory-outbox.ts'
export { describeOutbox, type OutboxUnderTest, type TestRunner } from './outbox-conformance.ts'
export {
  AGENT_METHODS,
  DURABLE_EVENTS,
  EPHEMERAL_EVENTS,
  type AgentMethod,
  type AgentParams,
  type AgentResult,
  type DurableEvent,
  type DurableEventName,
  type EphemeralEvent,
  type EphemeralEventName,
  type MethodSpec,
} from './methods.ts'
export {
  PANEL_CALLS,
  PANEL_METHODS,
  SshCredential,
  SshIdentity,
  type PanelMethod,
  type PanelParams,
  type PanelResult,
} from './panel-methods.ts'
export type {
  AgentHandlers,
  AgentHello,
  AgentSession,
  CallOptions,
  Outbox,
  PanelHandlers,
  PanelHello,
  PanelSession,
  PanelSessionHandlers,
  ProtocolSocket,
  SequencedEvent,
} from './session.ts'
export {
  CrashPolicy,
  ExitInfo,
  Generation,
  InstallScript,
  InstallState,
  ProcessState,
  ServerReport,
  ServerSpec,
  SpecAllocation,
  SpecConfigFile,
  StopMethod,
} from './spec.ts'
export { socketPair, type Fault, type SocketPair, type SocketPairOptions } from './socket-pair.ts'
export { systemTimers, type Timers } from './timers.ts'
export { explainMismatch, matches } from './validation.ts'
export { protocolSocket, type WebSocketLike } from './web-socket.ts'
export { MAX_FRAME_BYTES, PROTOCOL_VERSION } from './wire.ts'
