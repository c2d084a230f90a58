import { createHmac, timingSafeEqual } from 'node:crypto'

/** Where a data socket is waited for, and whose ticket it has: of a session there, or one that was lent to it. */
export interface DataRoute {
  readonly kind: 'held' | 'lent'
  /** Internal address of the instance. */
  readonly address: string
}

const MAC_BYTES = 16

/**
 * The route of a data socket, as an agent carries it in its address. It is signed: nobody but an instance of this panel says where
 * another one connects to.
 */
export function sealRoute(secret: Uint8Array, { kind, address }: DataRoute): string {
  const text = Buffer.from(`${kind} ${address}`)
  return Buffer.concat([macOf(secret, text), text]).toString('base64url')
}

/** @returns null for what no instance of this panel has made */
export function openRoute(secret: Uint8Array, route: string): DataRoute | null {
  const bytes = Buffer.from(route, 'base64url')
  const [mac, text] = [bytes.subarray(0, MAC_BYTES), bytes.subarray(MAC_BYTES)]
  if (mac.length !== MAC_BYTES || !timingSafeEqual(mac, macOf(secret, text))) return null
  const [kind, address = ''] = text.toString('utf8').split(' ')
  return kind === 'held' || kind === 'lent' ? { kind, address } : null
}

function macOf(secret: Uint8Array, text: Buffer): Buffer {
  return createHmac('sha256', secret).update('hatchery data route\n').update(text).digest().subarray(0, MAC_BYTES)
}
