import { randomBytes, randomUUID } from 'node:crypto'

/** A UUIDv7: rises with time, so that it stays beside its neighbours in an index. */
export function newUuid(now: number = Date.now()): string {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(now, 0, 6)
  bytes[6] = 0x70 | (bytes[6]! & 0x0f)
  bytes[8] = 0x80 | (bytes[8]! & 0x3f)
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** A UUIDv4, for servers: their first eight characters are their short id, so every one of them is random. */
export function newServerUuid(): string {
  return randomUUID()
}
