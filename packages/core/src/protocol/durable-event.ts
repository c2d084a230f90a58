import { DURABLE_EVENTS, type DurableEvent, type DurableEventName } from './methods.ts'
import { matches } from './validation.ts'

/**
 * Whether an event that came over the wire is one of ours with the data it should have. Others are stored raw and acknowledged
 * all the same (RULES 9).
 */
export function isDurableEvent(event: { readonly name: string; readonly data: unknown }): event is DurableEvent {
  return (
    Object.hasOwn(DURABLE_EVENTS, event.name) && matches(DURABLE_EVENTS[event.name as DurableEventName], event.data)
  )
}
