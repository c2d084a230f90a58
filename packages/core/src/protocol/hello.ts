import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { NodeHost } from '../api/schemas/nodes.ts'
import type { AgentHello, PanelHello } from './session.ts'
import { Generation } from './spec.ts'

const Name = Type.String({ maxLength: 191 })
const Counter = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const Features = Type.Array(Name, { maxItems: 256 })
const Key = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' })
const Version = Type.Integer({ minimum: 1, maximum: 65_535 })

export const AgentHelloSchema = Type.Object({
  installation: Name,
  highestGeneration: Generation,
  incarnation: Name,
  acknowledgedSeq: Counter,
  host: NodeHost,
})
export const PanelHelloSchema = Type.Object({
  node: Name,
  panelEpoch: Counter,
  sessionEpoch: Counter,
  storedSeq: Counter,
  wantsSnapshot: Type.Boolean(),
  isRecovery: Type.Boolean(),
})
const ChallengeSchema = Type.Object({
  protocol: Type.Object({ minimum: Version, maximum: Version }),
  panel: Type.Object({ name: Name, version: Name }),
  features: Features,
  challenge: Key,
  key: Key,
})
const ProofSchema = Type.Object({
  protocol: Version,
  node: Name,
  keyId: Name,
  agent: Type.Object({ version: Name }),
  features: Features,
  challenge: Key,
  key: Key,
  time: Counter,
})
const AnswerSchema = Type.Object({ received: Counter, sent: Counter })

/** The clear part of the panel's first message. */
export type Challenge = Type.Static<typeof ChallengeSchema>
/** The clear part of the agent's message. */
export type Proof = Type.Static<typeof ProofSchema>
/** The clear part of the panel's second message: its clock when the proof came and when the answer left. */
export type Answer = Type.Static<typeof AnswerSchema>

/** Compiles at the first use: a process that never connects pays nothing. */
function lazily<T>(build: () => { Check(value: unknown): boolean }): (value: unknown) => value is T {
  let validator: { Check(value: unknown): boolean } | undefined
  return (value): value is T => (validator ??= build()).Check(value)
}

export const isAgentHello = lazily<AgentHello>(() => Compile(AgentHelloSchema))
export const isPanelHello = lazily<PanelHello>(() => Compile(PanelHelloSchema))
export const isChallenge = lazily<Challenge>(() => Compile(ChallengeSchema))
export const isProof = lazily<Proof>(() => Compile(ProofSchema))
export const isAnswer = lazily<Answer>(() => Compile(AnswerSchema))
