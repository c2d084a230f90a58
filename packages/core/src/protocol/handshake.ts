import { AppError, type ErrorBody } from '../errors/index.ts'
import {
  AgentHelloSchema,
  PanelHelloSchema,
  isAgentHello,
  isAnswer,
  isChallenge,
  isPanelHello,
  isProof,
  type Answer,
  type Challenge,
  type Proof,
} from './hello.ts'
import {
  LABEL,
  Transcript,
  deriveKey,
  isSame,
  openOnce,
  proofOf,
  publicKeyOf,
  sealOnce,
  sharedSecret,
  type SessionKeys,
} from './key-schedule.ts'
import type { AgentHello, PanelHello } from './session.ts'
import { explainMismatch } from './validation.ts'
import { KIND, isObject, parseObject, readErrorBody } from './wire.ts'

const PROOF_BYTES = 32
const SECRET_BYTES = 32

/** The fresh random values of one side: a challenge and an X25519 private key of 32 bytes each. */
export interface Freshness {
  readonly challenge: Uint8Array
  readonly privateKey: Uint8Array
}

export function failed(reason: string, options?: ErrorOptions): AppError {
  return new AppError('HANDSHAKE_FAILED', { reason }, options)
}

/** The panel's half of the handshake, without any input or output. Call the methods in the order they stand in. */
export class PanelHandshake {
  readonly #transcript = new Transcript()
  readonly #freshness: Freshness
  #message: HandshakeMessage | undefined
  #proof: Proof | undefined
  #secrets: Secrets | undefined

  constructor(freshness: Freshness) {
    this.#freshness = freshness
  }

  challenge(say: Omit<Challenge, 'challenge' | 'key'>): Uint8Array {
    const clear = encode({
      ...say,
      challenge: base64(this.#freshness.challenge),
      key: base64(publicKeyOf(this.#freshness.privateKey)),
    } satisfies Challenge)
    this.#transcript.add(clear)
    return Buffer.concat([Buffer.of(KIND.challenge), clear])
  }

  /** What the agent claims; nothing of it is true before {@link verify}. */
  readProof(data: Uint8Array): Proof {
    const message = splitMessage(data, KIND.proof)
    const proof = readClear(message.clear)
    if (!isProof(proof)) throw failed('the proof of the agent is not well formed')
    this.#message = message
    return (this.#proof = proof)
  }

  /**
   * Checks the proof under the node's secret and opens the hello.
   * @throws AppError `HANDSHAKE_FAILED`
   */
  verify(secret: Uint8Array): AgentHello {
    checkSecret(secret)
    const { clear, sealed, proof } = must(this.#message)
    const shared = agree(this.#freshness.privateKey, must(this.#proof).key)
    const secrets = (this.#secrets = { secret, input: Buffer.concat([secret, shared]) })
    this.#transcript.add(clear)
    const salt = this.#transcript.digest()
    this.#transcript.add(sealed)
    if (!isSame(proofOf(secret, LABEL.agentProof, this.#transcript.digest()), proof))
      throw failed('its secret is wrong')
    this.#transcript.add(proof)
    const hello = open(secrets, salt, LABEL.agentHello, sealed)
    if (!isAgentHello(hello))
      throw failed(`the hello of the agent is not well formed: ${explainMismatch(AgentHelloSchema, hello)}`)
    return hello
  }

  /** Proves the panel to the agent, with its hello or with why it refuses. */
  answer(clock: Answer, outcome: { readonly hello: PanelHello } | { readonly refused: ErrorBody }): Uint8Array {
    return prove(KIND.answer, must(this.#secrets), this.#transcript, clock, outcome, LABEL.panelHello, LABEL.panelProof)
  }

  keys(): SessionKeys {
    return sessionKeys(must(this.#secrets), this.#transcript)
  }
}

/** The agent's half of the handshake. */
export class AgentHandshake {
  readonly #transcript = new Transcript()
  readonly #freshness: Freshness
  readonly #secret: Uint8Array
  #challenge: Challenge | undefined
  #secrets: Secrets | undefined

  constructor(secret: Uint8Array, freshness: Freshness) {
    checkSecret(secret)
    this.#secret = secret
    this.#freshness = freshness
  }

  readChallenge(data: Uint8Array): Challenge {
    if (data[0] !== KIND.challenge) throw failed('the first message is not a challenge')
    const clear = data.subarray(1)
    const challenge = readClear(clear)
    if (!isChallenge(challenge)) throw failed('the challenge of the panel is not well formed')
    this.#transcript.add(clear)
    return (this.#challenge = challenge)
  }

  prove(say: Omit<Proof, 'challenge' | 'key'>, hello: AgentHello): Uint8Array {
    const shared = agree(this.#freshness.privateKey, must(this.#challenge).key)
    this.#secrets = { secret: this.#secret, input: Buffer.concat([this.#secret, shared]) }
    const clear: Proof = {
      ...say,
      challenge: base64(this.#freshness.challenge),
      key: base64(publicKeyOf(this.#freshness.privateKey)),
    }
    return prove(KIND.proof, this.#secrets, this.#transcript, clear, hello, LABEL.agentHello, LABEL.agentProof)
  }

  /**
   * Checks the panel's proof.
   * @throws AppError `HANDSHAKE_FAILED`
   */
  readAnswer(
    data: Uint8Array,
  ): { readonly clock: Answer } & ({ readonly hello: PanelHello } | { readonly refused: ErrorBody }) {
    const { clear, sealed, proof } = splitMessage(data, KIND.answer)
    const secrets = must(this.#secrets)
    this.#transcript.add(clear)
    const salt = this.#transcript.digest()
    this.#transcript.add(sealed)
    if (!isSame(proofOf(secrets.secret, LABEL.panelProof, this.#transcript.digest()), proof)) {
      throw failed('the panel does not know the secret of this node')
    }
    this.#transcript.add(proof)
    const clock = readClear(clear)
    const outcome = open(secrets, salt, LABEL.panelHello, sealed)
    if (!isAnswer(clock) || !isObject(outcome)) throw failed('the answer of the panel is not well formed')
    if (outcome['refused'] !== undefined) return { clock, refused: readErrorBody(outcome['refused']) }
    const hello = outcome['hello']
    if (!isPanelHello(hello))
      throw failed(`the hello of the panel is not well formed: ${explainMismatch(PanelHelloSchema, hello)}`)
    return { clock, hello }
  }

  keys(): SessionKeys {
    return sessionKeys(must(this.#secrets), this.#transcript)
  }
}

interface Secrets {
  readonly secret: Uint8Array
  /** Node secret, then X25519 shared secret: what every key is derived from. */
  readonly input: Uint8Array
}

interface HandshakeMessage {
  readonly clear: Uint8Array
  readonly sealed: Uint8Array
  readonly proof: Uint8Array
}

/** `kind ‖ length ‖ clear ‖ length ‖ sealed ‖ proof` */
function prove(
  kind: number,
  secrets: Secrets,
  transcript: Transcript,
  say: unknown,
  hidden: unknown,
  sealLabel: string,
  proofLabel: string,
): Uint8Array {
  const clear = encode(say)
  const salt = transcript.add(clear).digest()
  const sealed = sealOnce(deriveKey(secrets.input, salt, sealLabel), salt, encode(hidden))
  const proof = proofOf(secrets.secret, proofLabel, transcript.add(sealed).digest())
  transcript.add(proof)
  return Buffer.concat([Buffer.of(kind), lengthOf(clear), clear, lengthOf(sealed), sealed, proof])
}

function splitMessage(data: Uint8Array, kind: number): HandshakeMessage {
  if (data[0] !== kind) throw failed('a message of the handshake is missing')
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  let offset = 1
  const part = (): Uint8Array => {
    if (offset + 4 > data.length) throw failed('a message of the handshake is cut off')
    const end = offset + 4 + view.getUint32(offset)
    if (end > data.length) throw failed('a message of the handshake is cut off')
    const bytes = data.subarray(offset + 4, end)
    offset = end
    return bytes
  }
  const clear = part()
  const sealed = part()
  const proof = data.subarray(offset)
  if (proof.length !== PROOF_BYTES) throw failed('a message of the handshake has no proof')
  return { clear, sealed, proof }
}

function open(secrets: Secrets, salt: Uint8Array, label: string, sealed: Uint8Array): unknown {
  try {
    return readClear(openOnce(deriveKey(secrets.input, salt, label), salt, sealed))
  } catch (cause) {
    throw failed('a hello could not be opened', { cause })
  }
}

function readClear(bytes: Uint8Array): unknown {
  try {
    return parseObject(bytes)
  } catch (cause) {
    throw failed('a message of the handshake is not JSON', { cause })
  }
}

function agree(privateKey: Uint8Array, theirs: string): Uint8Array {
  try {
    return sharedSecret(privateKey, Buffer.from(theirs, 'base64url'))
  } catch (cause) {
    throw failed('the key of the other side is not valid', { cause })
  }
}

function sessionKeys(secrets: Secrets, transcript: Transcript): SessionKeys {
  const salt = transcript.digest()
  return {
    agentToPanel: deriveKey(secrets.input, salt, LABEL.agentToPanel),
    panelToAgent: deriveKey(secrets.input, salt, LABEL.panelToAgent),
    data: deriveKey(secrets.input, salt, LABEL.data),
  }
}

/** A short secret would work just as well, and could be guessed. */
function checkSecret(secret: Uint8Array): void {
  if (secret.length !== SECRET_BYTES) throw new RangeError(`a node secret has ${SECRET_BYTES} bytes`)
}

function lengthOf(bytes: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return length
}

const encode = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('the handshake steps were called out of order')
  return value
}
