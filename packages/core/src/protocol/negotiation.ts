import { AppError, errorFromBody } from '../errors/index.ts'
import { failed } from './handshake.ts'
import { KIND, PROTOCOL_VERSION, parseObject, readErrorBody } from './wire.ts'

const CLEAR_REFUSALS = new Set(['HANDSHAKE_FAILED', 'PROTOCOL_VERSION', 'PROTOCOL_VIOLATION'])

/**
 * The version both sides speak.
 * @throws AppError `PROTOCOL_VERSION`
 */
export function chooseVersion(theirs: { readonly minimum: number; readonly maximum: number }, minimum: number): number {
  const version = Math.min(theirs.maximum, PROTOCOL_VERSION)
  if (version < minimum) throw new AppError('PROTOCOL_VERSION', { theirs: theirs.maximum, ours: minimum })
  if (version < theirs.minimum) throw new AppError('PROTOCOL_VERSION', { theirs: theirs.minimum, ours: version })
  return version
}

/** @throws AppError `PROTOCOL_VERSION` if the agent chose what this side does not speak */
export function checkVersion(version: number, minimum: number): void {
  if (version < minimum || version > PROTOCOL_VERSION) {
    throw new AppError('PROTOCOL_VERSION', { theirs: version, ours: version < minimum ? minimum : PROTOCOL_VERSION })
  }
}

/** @throws AppError `PROTOCOL_VERSION` if the other side lacks a feature that this one needs */
export function checkFeatures(version: number, theirs: readonly string[], required: readonly string[] = []): void {
  const missing = required.filter((feature) => !theirs.includes(feature))
  if (missing.length === 0) return
  throw new AppError('PROTOCOL_VERSION', { theirs: `${version} without ${missing.join(', ')}`, ours: version, missing })
}

export function commonFeatures(ours: readonly string[], theirs: readonly string[]): readonly string[] {
  return ours.filter((feature) => theirs.includes(feature))
}

/** A refusal before anybody has proved anything: whoever reads it believes the code only within the handshake's own. */
export function encodeRefusal(error: AppError): Uint8Array {
  const body = CLEAR_REFUSALS.has(error.code) ? error.toBody() : failed('the other side refused').toBody()
  return Buffer.concat([Buffer.of(KIND.refusal), Buffer.from(JSON.stringify(body))])
}

/** The error in a refusal, or undefined when the message is none. */
export function readRefusal(data: Uint8Array): AppError | undefined {
  if (data[0] !== KIND.refusal) return undefined
  try {
    const body = readErrorBody(parseObject(data.subarray(1)))
    if (CLEAR_REFUSALS.has(body.code)) return errorFromBody({ ...body, message: body.message.slice(0, 300) })
  } catch (cause) {
    return failed('the other side refused without a readable reason', { cause })
  }
  return failed('the other side refused')
}
