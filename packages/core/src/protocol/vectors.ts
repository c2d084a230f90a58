import { createHash } from 'node:crypto'
import { acceptMessage, dataKeys, openMessage } from './data-handshake.ts'
import { signDirectToken, type DirectClaims } from './direct-token.ts'
import { FrameSealer, type Fragment } from './frame-cipher.ts'
import { AgentHandshake, PanelHandshake, type Freshness } from './handshake.ts'
import { LABEL, Transcript, deriveKey, publicKeyOf, sharedSecret } from './key-schedule.ts'
import { encodeRefusal } from './negotiation.ts'
import type { AgentHello, PanelHello } from './session.ts'
import { AppError } from '../errors/index.ts'
import { FLAG, MAX_FRAGMENT_BYTES, encodeMessage, type ControlMessage } from './wire.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
/** Bytes that anybody can write down: `start`, `start + 1`, … */
const counting = (start: number, length = 32): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (start + index) & 255)

const NODE = '0190a6f4-7c1e-7b3a-9d2e-5f6a7b8c9d0e'
const SECRET = counting(0x00)
const PANEL: Freshness = { challenge: counting(0x20), privateKey: counting(0x40) }
const AGENT: Freshness = { challenge: counting(0x60), privateKey: counting(0x80) }

const AGENT_HELLO: AgentHello = {
  installation: '0190a6f4-0000-7000-8000-00000000000a',
  highestGeneration: { epoch: 1, n: 42 },
  incarnation: '0190a6f4-0000-7000-8000-00000000000b',
  acknowledgedSeq: 7,
  host: {
    agentVersion: '0.1.0',
    runtime: 'docker',
    isolated: true,
    capabilities: { exec: true },
    hostname: 'node-1',
    os: 'Debian GNU/Linux 12 (bookworm)',
    kernel: '6.1.0',
    architecture: 'x64',
    cpuCount: 8,
    memoryMiB: 16_384,
    diskMiB: 500_000,
    clockOffsetMs: 0,
  },
}
const PANEL_HELLO: PanelHello = {
  node: NODE,
  panelEpoch: 1,
  sessionEpoch: 3,
  storedSeq: 7,
  wantsSnapshot: false,
  isRecovery: false,
}

/** Every byte of one handshake, with the values between. */
export function handshakeVector(outcome: 'accepted' | 'refused') {
  const panel = new PanelHandshake(PANEL)
  const agent = new AgentHandshake(SECRET, AGENT)
  const challenge = panel.challenge({
    protocol: { minimum: 1, maximum: 1 },
    panel: { name: 'Example panel', version: '0.1.0' },
    features: ['console', 'stats'],
  })
  agent.readChallenge(challenge)
  const claim = {
    protocol: 1,
    node: NODE,
    keyId: 'key-1',
    agent: { version: '0.1.0' },
    features: ['console'],
    time: 1_700_000_000_123,
  }
  const proof = agent.prove(claim, AGENT_HELLO)
  panel.readProof(proof)
  panel.verify(SECRET)
  const refused = new AppError('INSTALLATION_MISMATCH').toBody()
  const answer = panel.answer(
    { received: 1_700_000_000_200, sent: 1_700_000_000_210 },
    outcome === 'accepted' ? { hello: PANEL_HELLO } : { refused },
  )
  agent.readAnswer(answer)
  const keys = agent.keys()
  return {
    secret: hex(SECRET),
    panel: {
      challenge: hex(PANEL.challenge),
      privateKey: hex(PANEL.privateKey),
      publicKey: hex(publicKeyOf(PANEL.privateKey)),
    },
    agent: {
      challenge: hex(AGENT.challenge),
      privateKey: hex(AGENT.privateKey),
      publicKey: hex(publicKeyOf(AGENT.privateKey)),
    },
    sharedSecret: hex(sharedSecret(PANEL.privateKey, publicKeyOf(AGENT.privateKey))),
    messages: { challenge: hex(challenge), proof: hex(proof), answer: hex(answer) },
    ...intermediates(challenge, proof, answer),
    sealed: {
      agentHello: JSON.stringify(AGENT_HELLO),
      panelOutcome: JSON.stringify(outcome === 'accepted' ? { hello: PANEL_HELLO } : { refused }),
    },
    keys: { agentToPanel: hex(keys.agentToPanel), panelToAgent: hex(keys.panelToAgent), data: hex(keys.data) },
  }
}

/** The transcript after each part, and the keys of the two sealed parts. */
function intermediates(challenge: Uint8Array, proof: Uint8Array, answer: Uint8Array) {
  const input = Buffer.concat([SECRET, sharedSecret(PANEL.privateKey, publicKeyOf(AGENT.privateKey))])
  const transcript = new Transcript().add(challenge.subarray(1))
  const afterChallenge = transcript.digest()
  const steps = [proof, answer].map((message) => {
    const bytes = Buffer.from(message)
    const clearEnd = 5 + bytes.readUInt32BE(1)
    const sealedEnd = clearEnd + 4 + bytes.readUInt32BE(clearEnd)
    const clear = transcript.add(bytes.subarray(5, clearEnd)).digest()
    const sealed = transcript.add(bytes.subarray(clearEnd + 4, sealedEnd)).digest()
    const whole = transcript.add(bytes.subarray(sealedEnd)).digest()
    return { clear, sealed, whole }
  })
  const [mine, theirs] = steps
  if (!mine || !theirs) throw new TypeError('two messages are sealed')
  return {
    transcript: {
      challenge: hex(afterChallenge),
      proofClear: hex(mine.clear),
      proofSealed: hex(mine.sealed),
      proof: hex(mine.whole),
      answerClear: hex(theirs.clear),
      answerSealed: hex(theirs.sealed),
      answer: hex(theirs.whole),
    },
    sealKeys: {
      agentHello: hex(deriveKey(input, mine.clear, LABEL.agentHello)),
      panelHello: hex(deriveKey(input, theirs.clear, LABEL.panelHello)),
    },
  }
}

const MESSAGES: readonly ControlMessage[] = [
  { type: 'ping' },
  { type: 'pong' },
  { type: 'call', id: 1, method: 'server.stats', params: { server: NODE }, deadlineMs: 5000 },
  { type: 'result', id: 1, result: { state: 'offline', stats: null } },
  {
    type: 'error',
    id: 2,
    error: { code: 'SERVER_NOT_FOUND', message: 'Server 7 does not exist.', details: { id: '7' } },
  },
  { type: 'cancel', id: 3 },
  {
    type: 'events',
    incarnation: AGENT_HELLO.incarnation,
    events: [[8, 1_700_000_000_300, 'lost', { count: 2, at: 1_700_000_000_300 }]],
  },
  { type: 'ack', incarnation: AGENT_HELLO.incarnation, seq: 8 },
  {
    type: 'event',
    name: 'console',
    data: { server: NODE, lines: [{ run: 1, line: 1, at: 1_700_000_000_400, kind: 'out', text: 'Grüße' }] },
  },
]

/** Frames of one direction, from the first: small messages, then one in three fragments with another between. */
export function frameVectors() {
  const key = counting(0xa0)
  const sealer = new FrameSealer(key)
  const small = MESSAGES.map((message, index) => {
    const payload = encodeMessage(message)
    const frame = sealer.seal({ message: index, isFirst: true, isLast: true, payload })
    return { counter: index, message: index, flags: FLAG.first | FLAG.last, payload: hex(payload), frame: hex(frame) }
  })
  const large: Fragment[] = [
    { message: 100, isFirst: true, isLast: false, payload: new Uint8Array(MAX_FRAGMENT_BYTES).fill(0x61) },
    { message: 101, isFirst: true, isLast: true, payload: encodeMessage({ type: 'ping' }) },
    { message: 100, isFirst: false, isLast: false, payload: new Uint8Array(MAX_FRAGMENT_BYTES).fill(0x62) },
    { message: 100, isFirst: false, isLast: true, payload: new Uint8Array(10).fill(0x63) },
  ]
  const fragments = large.map((fragment, index) => {
    const frame = sealer.seal(fragment)
    const [byte = 0] = fragment.payload
    return {
      counter: small.length + index,
      message: fragment.message,
      flags: (fragment.isFirst ? FLAG.first : 0) | (fragment.isLast ? FLAG.last : 0),
      ...(fragment.message === 100
        ? { payloadByte: byte, payloadBytes: fragment.payload.length }
        : { payload: hex(fragment.payload) }),
      frameBytes: frame.length,
      frameHead: hex(frame.subarray(0, 8)),
      frameSha256: sha256(frame),
    }
  })
  return { key: hex(key), frames: small, fragments }
}

export function refusalVector() {
  const error = new AppError('PROTOCOL_VERSION', { theirs: 1, ours: 2 })
  return { message: hex(encodeRefusal(error)), error: error.toBody() }
}

/** A data socket of the accepted session above. */
export function dataSocketVector() {
  const root = Buffer.from(handshakeVector('accepted').keys.data, 'hex')
  const ticket = counting(0xc0, 16)
  const open = openMessage(root, ticket, counting(0xd0))
  const accept = acceptMessage(root, open, counting(0xf0))
  const keys = dataKeys(root, open, accept)
  return {
    root: hex(root),
    ticket: hex(ticket),
    agentNonce: hex(counting(0xd0)),
    panelNonce: hex(counting(0xf0)),
    open: hex(open),
    accept: hex(accept),
    keys: { agentToPanel: hex(keys.agentToPanel), panelToAgent: hex(keys.panelToAgent) },
  }
}

/** A token of the direct path, signed with the node's secret of the vectors above. */
export function directTokenVector() {
  const claims: DirectClaims = {
    id: '00112233445566778899aabbccddeeff',
    keyId: 'nk_example',
    node: NODE,
    server: '7d2f8a4e-5b6c-4d3e-9f01-23456789abcd',
    user: '0190a6f4-0000-7000-8000-00000000000c',
    action: 'download',
    subject: 'world/level.dat',
    accessRevision: 5,
    origin: 'https://panel.example.com',
    expiresAt: 1_800_000_060_000,
  }
  return { secret: hex(SECRET), claims, token: signDirectToken(SECRET, claims) }
}

/** The content of each file in `packages/core/docs/vectors`. */
export function vectorFiles(): Record<string, unknown> {
  return {
    'handshake.json': {
      accepted: handshakeVector('accepted'),
      refused: handshakeVector('refused'),
      unproven: refusalVector(),
    },
    'frames.json': frameVectors(),
    'data-socket.json': dataSocketVector(),
    'direct-token.json': directTokenVector(),
  }
}
