/** Encryption at rest under the panel's master key: AEAD, with the key's id in each value. */
export interface SecretBox {
  /** `place` is `table:column:row`, bound as associated data, so that a value moved elsewhere does not open. */
  encrypt(plaintext: string | Uint8Array, place: string): string
  /** @throws AppError `INTERNAL` when the value does not open */
  decrypt(value: string, place: string): Uint8Array
  /** Whether the value was sealed with the key in force, and not with one before. */
  isCurrent(value: string): boolean
}
