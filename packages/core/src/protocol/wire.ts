import type { ErrorBody } from '../errors/index.ts'
import { AppError } from '../errors/index.ts'

/** The newest version of the protocol that this package speaks. */
export const PROTOCOL_VERSION = 1
/** Largest message that is ever put on a socket; give it to the WebSocket library as its payload limit. */
export const MAX_FRAME_BYTES = 65_536
export const HEADER_BYTES = 8
export const TAG_BYTES = 16
/** What one frame carries; every fragment but the last of a message has exactly this size. */
export const MAX_FRAGMENT_BYTES = MAX_FRAME_BYTES - HEADER_BYTES - TAG_BYTES
/** Largest message after its fragments were put together. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024

/** First byte of everything on a socket. */
export const KIND = {
  challenge: 0x01,
  proof: 0x02,
  answer: 0x03,
  dataOpen: 0x04,
  dataAccept: 0x05,
  refusal: 0x0f,
  frame: 0x10,
} as const
export const FLAG = { first: 0x01, last: 0x02 } as const

/** Codes of WebSocket closes. */
export const CLOSE = {
  normal: 1000,
  violation: 4400,
  handshake: 4401,
  refused: 4403,
  lost: 4408,
  failed: 4500,
} as const

/** `[seq, at, name, data]` */
export type WireEvent = readonly [seq: number, at: number, name: string, data: unknown]

/** A message of the control socket, sent as JSON in UTF-8. Receivers skip types they do not know. */
export type ControlMessage =
  | {
      readonly type: 'call'
      readonly id: number
      readonly method: string
      readonly params: unknown
      readonly deadlineMs: number
    }
  | { readonly type: 'result'; readonly id: number; readonly result: unknown }
  | { readonly type: 'error'; readonly id: number; readonly error: ErrorBody }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'ping' }
  | { readonly type: 'pong' }
  | { readonly type: 'events'; readonly incarnation: string; readonly events: readonly WireEvent[] }
  | { readonly type: 'ack'; readonly incarnation: string; readonly seq: number }
  | { readonly type: 'event'; readonly name: string; readonly data: unknown }

export function violation(reason: string, options?: ErrorOptions): AppError {
  return new AppError('PROTOCOL_VIOLATION', { reason }, options)
}

export function encodeMessage(message: ControlMessage): Uint8Array {
  return Buffer.from(JSON.stringify(message))
}

/**
 * Reads a message that came in a frame.
 * @returns undefined for a type that this version does not know
 * @throws AppError `PROTOCOL_VIOLATION`
 */
export function decodeMessage(bytes: Uint8Array): ControlMessage | undefined {
  const message = parseObject(bytes)
  switch (message['type']) {
    case 'ping':
    case 'pong':
      return { type: message['type'] }
    case 'call':
      return {
        type: 'call',
        id: counter(message, 'id'),
        method: text(message, 'method'),
        params: message['params'],
        deadlineMs: counter(message, 'deadlineMs'),
      }
    case 'result':
      return { type: 'result', id: counter(message, 'id'), result: message['result'] }
    case 'error':
      return { type: 'error', id: counter(message, 'id'), error: readErrorBody(message['error']) }
    case 'cancel':
      return { type: 'cancel', id: counter(message, 'id') }
    case 'events':
      return { type: 'events', incarnation: text(message, 'incarnation'), events: readEvents(message['events']) }
    case 'ack':
      return { type: 'ack', incarnation: text(message, 'incarnation'), seq: counter(message, 'seq') }
    case 'event':
      return { type: 'event', name: text(message, 'name'), data: message['data'] }
    default:
      text(message, 'type')
      return undefined
  }
}

/** @throws AppError `PROTOCOL_VIOLATION` unless the bytes are a JSON object */
export function parseObject(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
  } catch (cause) {
    throw violation('a message is not JSON', { cause })
  }
  if (!isObject(value)) throw violation('a message is not an object')
  return value
}

export function readErrorBody(value: unknown): ErrorBody {
  if (!isObject(value)) throw violation('an error is not an object')
  const details = value['details']
  const body = { code: text(value, 'code'), message: text(value, 'message') }
  return isObject(details) ? { ...body, details } : body
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function readEvents(value: unknown): readonly WireEvent[] {
  if (!Array.isArray(value)) throw violation('events are not a list')
  return value.map((event: unknown): WireEvent => {
    if (!Array.isArray(event) || event.length < 4) throw violation('an event is not [seq, at, name, data]')
    const [seq, at, name, data] = event as unknown[]
    if (!isCounter(seq) || !isCounter(at) || typeof name !== 'string') {
      throw violation('an event is not [seq, at, name, data]')
    }
    return [seq, at, name, data]
  })
}

function isCounter(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function counter(message: Record<string, unknown>, key: string): number {
  const value = message[key]
  if (!isCounter(value)) throw violation(`${key} is not a whole number`)
  return value
}

function text(message: Record<string, unknown>, key: string): string {
  const value = message[key]
  if (typeof value !== 'string') throw violation(`${key} is not text`)
  return value
}
