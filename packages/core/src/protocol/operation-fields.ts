import { Type } from 'typebox'
import { Nullable, Uuid } from '../api/schemas/common.ts'

/** Carried by every call that starts durable work (RULES 4). */
export const operation = {
  operation: Uuid,
  /** Who asked, for the agent's own log. */
  requestedBy: Type.String({ maxLength: 191 }),
  /** Later than this after sending, the agent answers `OPERATION_STALE`; null never expires. */
  lifetimeMs: Nullable(Type.Integer({ minimum: 0 })),
}
