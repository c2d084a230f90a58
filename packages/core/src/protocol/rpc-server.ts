import { AppError } from '../errors/index.ts'
import type { Channel } from './channel.ts'
import type { MethodSpec } from './methods.ts'
import type { Timers } from './timers.ts'
import { explainMismatch, matches } from './validation.ts'
import { MAX_MESSAGE_BYTES, violation } from './wire.ts'

/** Beyond this, answers are refused until the connection has caught up. */
const MAX_WAITING_ANSWER_BYTES = 16 * 1024 * 1024

/** Parameters have been checked against the method before a handler sees them. */
type Handler = (params: never, signal: AbortSignal) => Promise<unknown>
type Handlers = { readonly [method: string]: Handler | undefined }

export interface RpcServerOptions {
  readonly channel: Channel
  /** What this side can be asked for. */
  readonly methods: Readonly<Record<string, MethodSpec>>
  readonly handlers: Handlers
  readonly timers: Timers
  /** Calls that run at once; more are refused with `SERVICE_UNAVAILABLE`. */
  readonly maxCalls: number
  /** Told about everything a handler throws that is no AppError. */
  readonly onFault: (error: unknown, where: string) => void
}

/** The callee's side of RPC. A handler's signal fires on cancel, at the deadline and when the connection ends. */
export class RpcServer {
  readonly #options: RpcServerOptions
  readonly #running = new Map<number, AbortController>()

  constructor(options: RpcServerOptions) {
    this.#options = options
    options.channel.onClose((reason) => {
      for (const controller of this.#running.values()) controller.abort(new AppError('CANCELLED', { reason }))
    })
  }

  onCall(id: number, method: string, params: unknown, deadlineMs: number): void {
    if (this.#running.has(id)) throw violation('a call has the id of another that still runs')
    const { methods, handlers } = this.#options
    const spec = Object.hasOwn(methods, method) ? methods[method] : undefined
    const handler = spec && handlers[method]
    if (!spec || !handler) return this.#refuse(id, new AppError('METHOD_UNKNOWN', { method: method.slice(0, 100) }))
    if (!matches(spec.params, params)) {
      const reason = `${method}: ${explainMismatch(spec.params, params)}`
      return this.#refuse(id, new AppError('BAD_REQUEST', { reason }))
    }
    if (this.#running.size >= this.#options.maxCalls) {
      return this.#refuse(id, new AppError('SERVICE_UNAVAILABLE', { reason: 'too many calls at once' }))
    }
    void this.#run(id, method, handler, params, deadlineMs)
  }

  onCancel(id: number): void {
    this.#running.get(id)?.abort(new AppError('CANCELLED'))
  }

  async #run(id: number, method: string, handler: Handler, params: unknown, deadlineMs: number): Promise<void> {
    const { channel, timers, onFault } = this.#options
    const controller = new AbortController()
    this.#running.set(id, controller)
    const cancelTimer = timers.after(deadlineMs, () =>
      controller.abort(new AppError('DEADLINE_EXCEEDED', { method, deadlineMs })),
    )
    try {
      const result = await handler(params as never, controller.signal)
      if (channel.queuedBytes > MAX_WAITING_ANSWER_BYTES) {
        throw new AppError('SERVICE_UNAVAILABLE', { reason: 'too many answers wait to be sent' })
      }
      if (!channel.send({ type: 'result', id, result })) {
        throw new AppError('BAD_REQUEST', {
          reason: `the answer is larger than ${MAX_MESSAGE_BYTES} bytes; ask for less`,
        })
      }
    } catch (error) {
      // A handler that stops because of its signal throws the reason or an AbortError of the platform.
      const told = controller.signal.aborted && !(error instanceof AppError) ? controller.signal.reason : error
      if (!(told instanceof AppError)) onFault(error, method)
      this.#refuse(id, told instanceof AppError ? told : new AppError('INTERNAL'))
    } finally {
      cancelTimer()
      this.#running.delete(id)
    }
  }

  #refuse(id: number, error: AppError): void {
    const { channel } = this.#options
    if (channel.send({ type: 'error', id, error: error.toBody() })) return
    channel.send({ type: 'error', id, error: { code: error.code, message: error.message.slice(0, 2000) } })
  }
}
