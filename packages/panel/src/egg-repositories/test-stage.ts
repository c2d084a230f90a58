import {
  createEggRepository,
  createNest,
  getOperation,
  installRepositoryEggs,
  listEggRepositoryEggs,
  syncEggRepository,
  type BodyOf,
  type EggRepository,
  type EggRepositoryEgg,
  type Operation,
  type QueryOf,
  type ResponseOf,
} from '@hatchery/core/api'
import { TEST_EGG } from '../nodes/test-node.ts'
import { createAddressPolicy } from '../outbound/address-policy.ts'
import type { OutboundOptions } from '../outbound/outbound-client.ts'
import { PUBLIC_ADDRESS } from '../outbound/test-web.ts'
import { createTestPanel, type TestClient, type TestPanel, type TestPanelOptions } from '../testing/test-panel.ts'
import { openTestGitServer, type TestGitServer, type TestRepository } from './git/git-server.test-data.ts'
import type { JobHint } from './write-job.ts'

/** The egg of the tests under another name. */
export function eggNamed(name: string, change: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ ...(JSON.parse(TEST_EGG) as object), name, ...change }, null, 2)
}

/** A panel beside a real git server, with an administrator and a nest. For tests. */
export interface RepositoryStage extends AsyncDisposable {
  readonly panel: TestPanel
  readonly server: TestGitServer
  readonly upstream: TestRepository
  readonly client: TestClient
  readonly nest: string
  /** Adds the upstream repository and waits for its first sync. */
  add(body?: Partial<BodyOf<typeof createEggRepository>>): Promise<EggRepository>
  sync(repository: string): Promise<Operation>
  /** All eggs, whatever their number. */
  eggs(repository: string, state?: EggRepositoryEgg['state']): Promise<readonly EggRepositoryEgg[]>
  install(repository: string, eggs: readonly string[]): Promise<Operation>
  finished(operation: string): Promise<Operation>
  /** Lets the workers look for jobs now. */
  nudge(): void
}

export async function openRepositoryStage(
  options: TestPanelOptions & { readonly outbound?: OutboundOptions } = {},
): Promise<RepositoryStage> {
  const server = await openTestGitServer()
  const upstream = server.createRepository('games')
  const policy = createAddressPolicy([PUBLIC_ADDRESS])
  const panel = await createTestPanel({ ...options, outbound: { policy, ca: server.ca, ...options.outbound } })
  const client = await panel.signInAs(await panel.createAdmin())
  const nest = (await client.call(createNest, { body: { name: 'Games' } })).body.id

  // Told by the panel itself, however long it takes: asking again and again would only keep it from its work.
  const finished = async (operation: string): Promise<Operation> => {
    const read = async () => (await client.call(getOperation, { params: { operation } })).body
    const ended = Promise.withResolvers<void>()
    const look = () => void read().then(({ finishedAt }) => finishedAt !== null && ended.resolve(), ended.reject)
    const unsubscribe = panel.ctx.bus.subscribe('operations', (hint) => {
      if ((hint as { readonly uuid: string }).uuid === operation) look()
    })
    look()
    await ended.promise.finally(unsubscribe)
    return read()
  }
  const install: RepositoryStage['install'] = async (repository, eggs) => {
    const body = { nest, eggs: [...eggs] }
    return finished((await client.call(installRepositoryEggs, { params: { repository }, body })).body.operation)
  }
  return {
    panel,
    server,
    upstream,
    client,
    nest,
    finished,
    install,
    nudge: () => panel.ctx.bus.publish('operations', { uuid: '', isPanelJob: true } satisfies JobHint),
    async add(body = {}) {
      const added = await client.call(createEggRepository, { body: { name: 'Games', url: upstream.url, ...body } })
      if (added.status !== 201) throw new Error(JSON.stringify(added.body))
      await finished(added.body.operation!)
      return added.body
    },
    async sync(repository) {
      return finished((await client.call(syncEggRepository, { params: { repository } })).body.operation)
    },
    async eggs(repository, state) {
      const found: EggRepositoryEgg[] = []
      let cursor: string | null = null
      do {
        const query: QueryOf<typeof listEggRepositoryEggs> = {
          limit: 100,
          ...(cursor !== null && { cursor }),
          ...(state && { state }),
        }
        const page: ResponseOf<typeof listEggRepositoryEggs> = (
          await client.call(listEggRepositoryEggs, { params: { repository }, query })
        ).body
        found.push(...page.data)
        cursor = page.nextCursor
      } while (cursor !== null)
      return found
    },
    async [Symbol.asyncDispose]() {
      await panel[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}
