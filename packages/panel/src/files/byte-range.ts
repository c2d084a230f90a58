import { AppError } from '@hatchery/core/errors'

export interface ByteRange {
  readonly offset: number
  readonly length: number
}

/**
 * The one part that a `Range` header asks for; null for none, for several, and for what is no range of bytes: then everything is
 * answered, as HTTP has it.
 * @throws AppError `RANGE_INVALID` when it lies outside
 */
export function parseRange(header: string | undefined, sizeBytes: number): ByteRange | null {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '')
  const [, from = '', to = ''] = match ?? []
  if (!match || (from === '' && to === '')) return null
  const outside = () => new AppError('RANGE_INVALID', { sizeBytes })
  if (from === '') {
    const length = Math.min(Number(to), sizeBytes)
    if (length === 0) throw outside()
    return { offset: sizeBytes - length, length }
  }
  const offset = Number(from)
  const end = to === '' ? sizeBytes : Math.min(Number(to) + 1, sizeBytes)
  if (to !== '' && Number(to) < offset) return null
  if (offset >= sizeBytes) throw outside()
  return { offset, length: end - offset }
}
