import { AppError, errorFromBody, type ErrorBody } from '../errors/index.ts'
import type { Channel } from './channel.ts'
import type { MethodSpec } from './methods.ts'
import type { CallOptions } from './session.ts'
import type { Timers } from './timers.ts'
import { explainMismatch, matches } from './validation.ts'
import { MAX_FRAGMENT_BYTES, MAX_MESSAGE_BYTES, violation } from './wire.ts'

const LONGEST_DEADLINE_MS = 24 * 3600 * 1000

interface Call {
  readonly method: string
  readonly spec: MethodSpec | undefined
  /** Large requests and their cancellation travel in one lane, so that none overtakes the other. */
  readonly isLarge: boolean
  isSent: boolean
  send(): void
  finish(outcome: { readonly result: unknown } | { readonly error: AppError }): void
}

export interface RpcCallerOptions {
  readonly channel: Channel
  /** What the other side can be asked for; results are checked against it. */
  readonly methods: Readonly<Record<string, MethodSpec>>
  readonly timers: Timers
  /** Calls that are under way at once. */
  readonly maxCalls: number
}

/** The caller's side of RPC: at most `maxCalls` under way, the rest waits in order with its deadline running. */
export class RpcCaller {
  readonly #channel: Channel
  readonly #methods: RpcCallerOptions['methods']
  readonly #timers: Timers
  readonly #maxCalls: number
  readonly #calls = new Map<number, Call>()
  readonly #waiting: Call[] = []
  #lastId = 0

  constructor({ channel, methods, timers, maxCalls }: RpcCallerOptions) {
    this.#channel = channel
    this.#methods = methods
    this.#timers = timers
    this.#maxCalls = maxCalls
    channel.onClose(() => this.#loseAll())
  }

  onResult(id: number, result: unknown): void {
    const call = this.#answered(id)
    if (!call) return
    if (!call.spec || matches(call.spec.result, result)) return call.finish({ result })
    const reason = `the result of ${call.method} is not valid: ${explainMismatch(call.spec.result, result)}`
    call.finish({ error: violation(reason) })
  }

  onError(id: number, error: ErrorBody): void {
    this.#answered(id)?.finish({ error: errorFromBody(error) })
  }

  /** The result has the form that the method's row says. */
  call(method: string, params: unknown, { deadlineMs: wanted, signal }: CallOptions = {}): Promise<unknown> {
    const spec = Object.hasOwn(this.#methods, method) ? this.#methods[method] : undefined
    const deadlineMs = Math.ceil(Math.min(Math.max(wanted ?? spec?.deadlineMs ?? 10_000, 0), LONGEST_DEADLINE_MS))
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(new AppError('CANCELLED', {}, { cause: signal.reason }))
      if (this.#channel.isClosed) return reject(new AppError('CONNECTION_LOST', { method }))
      const bytes = Buffer.byteLength(JSON.stringify(params ?? null))
      if (bytes > MAX_MESSAGE_BYTES - 1024) {
        return reject(new AppError('BAD_REQUEST', { reason: `${method} carries more than ${MAX_MESSAGE_BYTES} bytes` }))
      }
      const id = ++this.#lastId
      let isFinished = false
      const give = (error: AppError) => {
        if (call.isSent) this.#channel.send({ type: 'cancel', id }, call.isLarge)
        call.finish({ error })
      }
      const cancelTimer = this.#timers.after(deadlineMs, () =>
        give(new AppError('DEADLINE_EXCEEDED', { method, deadlineMs })),
      )
      const onAbort = () => give(new AppError('CANCELLED', {}, { cause: signal?.reason }))
      signal?.addEventListener('abort', onAbort, { once: true })
      const call: Call = {
        method,
        spec,
        isLarge: bytes > MAX_FRAGMENT_BYTES - 1024,
        isSent: false,
        send: () => {
          call.isSent = true
          this.#calls.set(id, call)
          this.#channel.send({ type: 'call', id, method, params, deadlineMs }, call.isLarge)
        },
        finish: (outcome) => {
          if (isFinished) return
          isFinished = true
          cancelTimer()
          signal?.removeEventListener('abort', onAbort)
          if (call.isSent) this.#calls.delete(id)
          else this.#waiting.splice(this.#waiting.indexOf(call), 1)
          if ('error' in outcome) reject(outcome.error)
          else resolve(outcome.result)
          this.#sendWaiting()
        },
      }
      this.#waiting.push(call)
      this.#sendWaiting()
    })
  }

  #sendWaiting(): void {
    while (this.#calls.size < this.#maxCalls && !this.#channel.isClosed) {
      const call = this.#waiting.shift()
      if (!call) return
      call.send()
    }
  }

  /** The call of an answer; undefined when it came too late. */
  #answered(id: number): Call | undefined {
    if (id === 0 || id > this.#lastId) throw violation('an answer belongs to no call')
    return this.#calls.get(id)
  }

  #loseAll(): void {
    for (const call of [...this.#calls.values(), ...this.#waiting]) {
      call.finish({ error: new AppError('CONNECTION_LOST', { method: call.method }) })
    }
  }
}
