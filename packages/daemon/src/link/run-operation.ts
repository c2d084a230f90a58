import { AppError, errorFromBody } from '@hatchery/core/errors'
import { AGENT_METHODS, type AgentMethod, type AgentResult } from '@hatchery/core/protocol'
import { toErrorBody } from '../servers/error-body.ts'
import type { AgentState } from '../state/agent-state.ts'

export interface OperationParams {
  readonly operation: string
  readonly requestedBy: string
  readonly lifetimeMs: number | null
  readonly server: string
}

export interface OperationRunner {
  readonly state: AgentState
  readonly now: () => number
  /** Settles when the agent knows what the server is doing; nothing is done before. */
  ready(server: string): Promise<void>
  /** Operations that are being carried out now. */
  readonly underWay: Map<string, Promise<unknown>>
}

/**
 * Carries an operation out once (RULES 4): its record is stored first, a repetition gets the same answer, the same id
 * with another content is an error, and what waited longer than its lifetime is stale.
 */
export async function runOperation<M extends AgentMethod>(
  runner: OperationRunner,
  method: M,
  params: OperationParams,
  work: () => AgentResult<M> | Promise<AgentResult<M>>,
): Promise<AgentResult<M>> {
  const { state, now, underWay } = runner
  const { operation: id, lifetimeMs, requestedBy: _by, ...body } = params
  const receivedAt = now()
  await runner.ready(params.server)

  const operationClass = AGENT_METHODS[method].class
  const known = state.operations.begin(id, method, operationClass, params.server, body, now())
  // The same method with the same body wrote it, so it has the method's form.
  if (known?.answer) return answered(known.answer) as AgentResult<M>
  const running = underWay.get(id)
  if (running) return (await running) as AgentResult<M>
  // Begun before a crash: nobody knows whether the line was written, and it is never written twice.
  if (known && operationClass === 'at-most-once') throw new AppError('CONNECTION_LOST', { method })

  const result = carryOut(runner, id, () => {
    if (lifetimeMs !== null && now() - receivedAt > lifetimeMs) {
      throw new AppError('OPERATION_STALE', { reason: `it waited longer than ${lifetimeMs} ms` })
    }
    return work()
  })
  underWay.set(id, result)
  try {
    return await result
  } finally {
    underWay.delete(id)
  }
}

async function carryOut<R>({ state, now }: OperationRunner, id: string, work: () => R | Promise<R>): Promise<R> {
  try {
    const result = await work()
    state.operations.answer(id, { result })
    return result
  } catch (error) {
    // Refused: nothing will follow, so the operation has finished.
    state.transaction(() => {
      state.operations.answer(id, { error: toErrorBody(error) })
      state.operations.finish(id, 'failed', now())
    })
    throw error
  }
}

function answered(answer: NonNullable<ReturnType<AgentState['operations']['find']>>['answer']): unknown {
  if (answer && 'error' in answer) throw errorFromBody(answer.error)
  return answer?.result
}
