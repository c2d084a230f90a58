import { failed } from './handshake.ts'
import { LABEL, deriveKey, isSame, proofOf } from './key-schedule.ts'
import { KIND } from './wire.ts'

export const TICKET_BYTES = 16
const NONCE_BYTES = 32
const PROOF_BYTES = 32
const SAID_BYTES = TICKET_BYTES + NONCE_BYTES

/** The keys of one data socket. */
export interface DataKeys {
  readonly agentToPanel: Uint8Array
  readonly panelToAgent: Uint8Array
}

/** The agent's first message: the ticket, a nonce, and a proof that it belongs to the session. */
export function openMessage(root: Uint8Array, ticket: Uint8Array, nonce: Uint8Array): Uint8Array {
  const said = Buffer.concat([ticket, nonce])
  return Buffer.concat([Buffer.of(KIND.dataOpen), said, proofOf(ticketKey(root, ticket), LABEL.dataOpen, said)])
}

/**
 * The ticket that an open message proves to know the session of.
 * @throws AppError `HANDSHAKE_FAILED`
 */
export function readOpen(root: Uint8Array, message: Uint8Array): Uint8Array {
  const ticket = statedTicket(message)
  proveOpen(ticketKey(root, ticket), message)
  return ticket
}

/**
 * The ticket that an open message names, before anything is proved.
 * @throws AppError `HANDSHAKE_FAILED`
 */
export function statedTicket(message: Uint8Array): Uint8Array {
  if (message[0] !== KIND.dataOpen || message.length !== 1 + SAID_BYTES + PROOF_BYTES) {
    throw failed('the first message opens no data socket')
  }
  return message.subarray(1, 1 + TICKET_BYTES)
}

/** @throws AppError `HANDSHAKE_FAILED` unless the message was made with the key of its ticket */
export function proveOpen(key: Uint8Array, message: Uint8Array): void {
  const proof = proofOf(key, LABEL.dataOpen, message.subarray(1, 1 + SAID_BYTES))
  if (!isSame(proof, message.subarray(1 + SAID_BYTES))) throw failed('the data socket belongs to another session')
}

/** The panel's answer to an open message that was read before. */
export function acceptMessage(root: Uint8Array, open: Uint8Array, nonce: Uint8Array): Uint8Array {
  return acceptWithKey(keyFor(root, open), open, nonce)
}

/** The same with the key of the ticket. */
export function acceptWithKey(key: Uint8Array, open: Uint8Array, nonce: Uint8Array): Uint8Array {
  const said = open.subarray(1, 1 + SAID_BYTES)
  const proof = proofOf(key, LABEL.dataAccept, Buffer.concat([said, nonce]))
  return Buffer.concat([Buffer.of(KIND.dataAccept), nonce, proof])
}

/**
 * The keys that open and accept message agree on.
 * @throws AppError `HANDSHAKE_FAILED` unless the accept message was made for the open message
 */
export function dataKeys(root: Uint8Array, open: Uint8Array, accept: Uint8Array): DataKeys {
  return keysWithKey(keyFor(root, open), open, accept)
}

/** The same with the key of the ticket. */
export function keysWithKey(key: Uint8Array, open: Uint8Array, accept: Uint8Array): DataKeys {
  if (accept[0] !== KIND.dataAccept || accept.length !== 1 + NONCE_BYTES + PROOF_BYTES) {
    throw failed('the panel did not accept the data socket')
  }
  const said = open.subarray(1, 1 + SAID_BYTES)
  const transcript = Buffer.concat([said, accept.subarray(1, 1 + NONCE_BYTES)])
  if (!isSame(proofOf(key, LABEL.dataAccept, transcript), accept.subarray(1 + NONCE_BYTES))) {
    throw failed('the panel of the data socket is another')
  }
  return {
    agentToPanel: deriveKey(key, transcript, LABEL.agentToPanel),
    panelToAgent: deriveKey(key, transcript, LABEL.panelToAgent),
  }
}

function keyFor(root: Uint8Array, open: Uint8Array): Uint8Array {
  return ticketKey(root, open.subarray(1, 1 + TICKET_BYTES))
}

/** All that a data socket proves is proved with this key, which tells nothing about the session or another ticket. */
export function ticketKey(root: Uint8Array, ticket: Uint8Array): Uint8Array {
  return deriveKey(root, ticket, LABEL.dataTicket)
}
