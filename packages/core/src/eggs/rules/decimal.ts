/** A decimal number of any size: `digits × 10^exponent`. */
export interface Decimal {
  readonly digits: bigint
  readonly exponent: number
}

const FORM = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,9}))?$/

/** More digits than any value has; reading them takes some milliseconds. */
const MAX_LENGTH = 65_536

/** Null where the text is no number, or is longer than 65,536 characters. */
export function parseDecimal(text: string): Decimal | null {
  const found = text.length > MAX_LENGTH ? null : FORM.exec(text)
  if (!found) return null
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = found
  if (whole === '' && fraction === '') return null
  const digits = BigInt(whole + fraction)
  return { digits: sign === '-' ? -digits : digits, exponent: Number(exponent) - fraction.length }
}

/** Negative, zero or positive, exactly. */
export function compareDecimals(left: Decimal, right: Decimal): number {
  const leftSign = signOf(left)
  const rightSign = signOf(right)
  if (leftSign !== rightSign || leftSign === 0) return leftSign - rightSign
  const leftSize = magnitudeOf(left)
  const rightSize = magnitudeOf(right)
  if (leftSize !== rightSize) return leftSize > rightSize ? leftSign : -leftSign
  const shift = left.exponent - right.exponent
  const a = shift > 0 ? left.digits * 10n ** BigInt(shift) : left.digits
  const b = shift < 0 ? right.digits * 10n ** BigInt(-shift) : right.digits
  return a === b ? 0 : a > b ? 1 : -1
}

const signOf = ({ digits }: Decimal): number => (digits === 0n ? 0 : digits > 0n ? 1 : -1)

/** The power of ten of the first digit; what is further apart need not be multiplied out. */
function magnitudeOf({ digits, exponent }: Decimal): number {
  const text = digits.toString()
  return exponent + text.length - (text.startsWith('-') ? 1 : 0)
}
