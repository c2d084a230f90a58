import type { AgentHello } from '@hatchery/core/protocol'
import { AppError, errorFromBody } from '@hatchery/core/errors'
import type { Enrolment, IdentityStore } from '../state/identity.ts'
import type { PanelAddress } from './panel-address.ts'

const ENROL_PATH = '/api/v1/agent/enrol'
const TIMEOUT_MS = 15_000
const MAX_ATTEMPTS = 5

export interface EnrolOptions {
  readonly panel: PanelAddress
  readonly token: string
  readonly identity: IdentityStore
  readonly host: AgentHello['host']
  readonly now: () => number
  readonly pause: (ms: number) => Promise<void>
  /** @default the platform's */
  readonly fetch?: typeof fetch
}

/**
 * Redeems an enrolment token. The secret was made and stored before, so that the same request can be repeated after a lost
 * answer and gets the same one (RULES 15).
 * @throws AppError `ENROLMENT_TOKEN_INVALID`, `ENROLMENT_LOCKED`; Error if the panel cannot be reached
 */
export async function enrol(options: EnrolOptions): Promise<Enrolment> {
  const { panel, token, identity, host, now } = options
  const { secret, installation } = identity.read()
  const answer = await redeem(options, JSON.stringify({ token, secret, installation, host }))
  const enrolment = { node: answer.node, keyId: answer.keyId, panelUrl: panel.text, linkPath: answer.linkPath }
  identity.storeEnrolment(enrolment, now())
  return enrolment
}

interface Answer {
  readonly node: string
  readonly keyId: string
  readonly linkPath: string
}

async function redeem({ panel, pause, fetch: request = fetch }: EnrolOptions, body: string): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await request(panel.http(ENROL_PATH), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      return readAnswer(response.status, await response.text())
    } catch (error) {
      // What the panel refuses stays refused; only a lost connection or a busy panel is worth another try.
      if (error instanceof AppError && error.status < 500) throw error
      if (attempt >= MAX_ATTEMPTS) throw new Error(`The panel at ${panel.text} could not be reached.`, { cause: error })
      await pause(500 * 2 ** attempt)
    }
  }
}

function readAnswer(status: number, text: string): Answer {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    // No JSON: something other than a panel answered, which the check below says.
    body = null
  }
  if (isObject(body)) {
    const { error, node, keyId, linkPath } = body
    if (isObject(error) && typeof error['code'] === 'string' && typeof error['message'] === 'string') {
      throw errorFromBody({ code: error['code'], message: error['message'] })
    }
    if (status === 200 && typeof node === 'string' && typeof keyId === 'string' && typeof linkPath === 'string') {
      return { node, keyId, linkPath }
    }
  }
  throw new AppError('SERVICE_UNAVAILABLE', { reason: `the address answered ${status}, but not as a panel does` })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
