import { isAllowedAdmin } from '../access/authorize.ts'
import type { Context } from '../context.ts'
import { isJob, selectOperations, toOperation, type OperationViewRow } from '../operations/operation-view.ts'
import { Encodings, type Subscriber } from './subscriber.ts'

/** Progress comes often; once per this time is enough for a bar. */
const FLUSH_MS = 50
const SNAPSHOT_OPERATIONS = 50
/** What ended while a client was away for a moment is shown as well. */
const RECENT_MS = 600_000

type FeedContext = Pick<Context, 'db' | 'bus' | 'operations' | 'log' | 'now'>

/** Jobs, for those who may see their servers. */
export class OperationFeed {
  readonly #ctx: FeedContext
  readonly #subscribers = new Set<Subscriber>()
  readonly #changed = new Set<string>()
  readonly #stop: readonly (() => void)[]
  #timer: NodeJS.Timeout | null = null

  constructor(ctx: FeedContext) {
    this.#ctx = ctx
    this.#stop = [
      ctx.bus.subscribe('operations', (hint) => {
        if (typeof hint === 'object' && hint !== null && 'uuid' in hint) this.#onChanged(String(hint.uuid))
      }),
      // Hints were missed: everybody gets what is and was under way.
      ctx.bus.onReconnect(() => {
        for (const subscriber of this.#subscribers) this.#guard(this.#greet(subscriber))
      }),
    ]
  }

  close(): void {
    for (const stop of this.#stop) stop()
    if (this.#timer) clearTimeout(this.#timer)
    this.#subscribers.clear()
  }

  subscribe(subscriber: Subscriber): () => void {
    this.#subscribers.add(subscriber)
    this.#guard(this.#greet(subscriber))
    return () => void this.#subscribers.delete(subscriber)
  }

  #onChanged(uuid: string): void {
    if (this.#subscribers.size === 0) return
    this.#changed.add(uuid)
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      this.#guard(this.#flush())
    }, FLUSH_MS).unref()
  }

  async #greet(subscriber: Subscriber): Promise<void> {
    const { principal } = subscriber
    if (!('userId' in principal)) return
    const since = this.#ctx.now() - RECENT_MS
    let select = selectOperations(this.#ctx)
      .where((eb) =>
        eb.or([eb('operations.status', 'in', ['pending', 'running']), eb('operations.finished_at', '>', since)]),
      )
      .where(isJob())
      .orderBy('operations.id', 'desc')
      .limit(SNAPSHOT_OPERATIONS)
    if (!isAllowedAdmin(principal, 'operations.read')) {
      select = select.where('operations.server_id', 'in', (eb) =>
        eb.selectFrom('server_access').select('server_access.server_id').where('user_id', '=', principal.userId),
      )
    }
    for (const row of (await select.execute()).toReversed()) this.#send(row, [subscriber])
  }

  async #flush(): Promise<void> {
    const uuids = [...this.#changed]
    this.#changed.clear()
    const rows = await selectOperations(this.#ctx).where('operations.uuid', 'in', uuids).where(isJob()).execute()
    const serverIds = rows.flatMap(({ server_id }) => (server_id === null ? [] : [server_id]))
    const access =
      serverIds.length === 0
        ? []
        : await this.#ctx.db
            .selectFrom('server_access')
            .select(['server_id', 'user_id'])
            .where('server_id', 'in', serverIds)
            .execute()
    for (const row of rows) {
      const users = new Set(access.filter(({ server_id }) => server_id === row.server_id).map(({ user_id }) => user_id))
      this.#send(
        row,
        [...this.#subscribers].filter(({ principal }) => {
          if (!('userId' in principal)) return false
          const isOwn = principal.userId === row.user_id || users.has(principal.userId)
          return isOwn || isAllowedAdmin(principal, 'operations.read')
        }),
      )
    }
  }

  #send(row: OperationViewRow, subscribers: readonly Subscriber[]): void {
    const encodings = new Encodings({ operation: toOperation(row, this.#ctx.operations.progressOf(row.uuid)) })
    for (const subscriber of subscribers) subscriber.send(encodings.of(subscriber.topic))
  }

  #guard(work: Promise<void>): void {
    work.catch((error: unknown) => this.#ctx.log.error({ err: error }, 'the live feed of operations failed'))
  }
}
