import type { Operation } from '@hatchery/core/api'
import type { EphemeralEvent } from '@hatchery/core/protocol'
import type { OperationHint } from './write-operation.ts'
import type { RunnerContext } from './runner-context.ts'

export interface OperationProgress {
  readonly phase: string
  readonly progress: Operation['progress']
}

interface Entry extends OperationProgress {
  readonly nodeId: number
  isDirty: boolean
}

const PERSIST_MS = 2_000
const MAX_ENTRIES = 10_000

/** Progress of jobs, kept in memory as it comes and written at most every two seconds: losing some costs nothing. */
export class ProgressBoard {
  readonly #ctx: RunnerContext
  readonly #entries = new Map<string, Entry>()
  readonly #stop: readonly (() => void)[]
  #timer: NodeJS.Timeout | null = null

  constructor(ctx: RunnerContext) {
    this.#ctx = ctx
    this.#stop = [
      ctx.nodes.onEphemeral((nodeId, event) => {
        if (event.name === 'progress') this.#take(nodeId, event.data)
      }),
      // It began or ended: what was written then is newer than the last progress.
      ctx.bus.subscribe('operations', (hint) => {
        if (isStatusHint(hint)) this.#entries.delete(hint.uuid)
      }),
    ]
  }

  of(uuid: string): OperationProgress | undefined {
    return this.#entries.get(uuid)
  }

  close(): void {
    for (const stop of this.#stop) stop()
    if (this.#timer) clearTimeout(this.#timer)
  }

  #take(nodeId: number, { operation, phase, progress }: EphemeralEvent<'progress'>['data']): void {
    const before = this.#entries.get(operation)
    if (before && before.nodeId !== nodeId) return
    if (!before && this.#entries.size >= MAX_ENTRIES) return
    this.#entries.set(operation, { nodeId, phase: phase.slice(0, 64), progress, isDirty: true })
    this.#ctx.bus.publish('operations', { uuid: operation, isProgress: true } satisfies OperationHint)
    this.#persistLater()
  }

  #persistLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      void this.persist()
    }, PERSIST_MS).unref()
  }

  async persist(): Promise<void> {
    this.#forgetWrittenElsewhere()
    const dirty = [...this.#entries].filter(([, entry]) => entry.isDirty && this.#ctx.nodes.holds(entry.nodeId))
    for (const [uuid, entry] of dirty) {
      entry.isDirty = false
      try {
        const isActive = await this.#write(uuid, entry)
        if (!isActive) this.#entries.delete(uuid)
      } catch (error) {
        this.#ctx.log.warn({ err: error, operation: uuid }, 'progress was not stored')
      }
    }
  }

  /** Of a node that another instance holds, what is older than one round is in the database: that instance writes it. */
  #forgetWrittenElsewhere(): void {
    for (const [uuid, entry] of this.#entries) {
      if (this.#ctx.nodes.holds(entry.nodeId)) continue
      if (!entry.isDirty) {
        this.#entries.delete(uuid)
        continue
      }
      entry.isDirty = false
      this.#persistLater()
    }
  }

  /** @returns false when no such operation of this node is under way */
  async #write(uuid: string, { nodeId, phase, progress }: Entry): Promise<boolean> {
    return this.#ctx.store.transaction(async (trx) => {
      const { numUpdatedRows } = await trx
        .updateTable('operations')
        .set((eb) => ({
          phase,
          progress: progress === null ? null : JSON.stringify(progress),
          revision: eb('revision', '+', 1),
        }))
        .where('uuid', '=', uuid)
        .where('node_id', '=', nodeId)
        .where('status', 'in', ['pending', 'running'])
        .executeTakeFirst()
      return numUpdatedRows > 0n
    })
  }
}

function isStatusHint(hint: unknown): hint is OperationHint {
  return typeof hint === 'object' && hint !== null && 'uuid' in hint && !('isProgress' in hint)
}
