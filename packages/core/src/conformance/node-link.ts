import type { AgentMethod, AgentParams, AgentResult, CallOptions, Generation, ServerSpec } from '../protocol/index.ts'
import type { Static } from 'typebox'
import { check, checkEqual, checkRejects, type TestRunner } from './runner.ts'

type Spec = Static<typeof ServerSpec>

/** The part of a panel's `NodeLink` that the suite calls. */
export interface NodeLinkUnderTest {
  readonly isConnected: boolean
  call<M extends AgentMethod>(method: M, params: AgentParams<M>, options?: CallOptions): Promise<AgentResult<M>>
}

/** What the panel has stored from the words of the node. */
export interface StoredServer {
  readonly state: string
  readonly install: string
  readonly run: number
}

export interface NodeLinkHarness extends AsyncDisposable {
  readonly link: NodeLinkUnderTest
  /** Methods that this kind of node does not have. */
  readonly unsupported: readonly AgentMethod[]
  /**
   * A server that the panel has on this node and the node has never heard of. Its program answers each line of its input with a
   * line that contains it, and ends on its stop command.
   */
  readonly server: () => Promise<Spec>
  /** Records an operation on the server as the panel does before it sends one. @returns its id */
  readonly operation: (server: string, method: 'server.install' | 'server.delete') => Promise<string>
  /** Null once the panel has removed the server, because the node confirmed its deletion. */
  readonly stored: (server: string) => Promise<StoredServer | null>
  readonly operationStatus: (operation: string) => Promise<string>
  /** Texts of the `console` events that came for a server. */
  readonly console: (server: string) => readonly string[]
  /** Ends the connection; the node does not come back. */
  readonly disconnect: () => Promise<void>
}

const DEADLINE_MS = 60_000
const NOBODY: Generation = { epoch: 0, n: 0 }
const UNKNOWN = '00000000-0000-4000-8000-000000000000'

/** The promise of a `NodeLink`: whatever the node speaks, services see the same. */
export function describeNodeLink(runner: TestRunner, name: string, open: () => Promise<NodeLinkHarness>): void {
  const promise = (sentence: string, body: (harness: NodeLinkHarness) => Promise<void>) =>
    runner.test(sentence, async () => {
      await using harness = await open()
      await body(harness)
    })

  runner.describe(`node link ${name}`, () => {
    promise('refuses what concerns a server that the node does not know', async ({ link, operation, server }) => {
      const spec = await server()
      const install = { ...intent(await operation(spec.id, 'server.install')), ...INSTALL }
      await checkRejects(
        link.call('server.power', { server: UNKNOWN, action: 'start', ...intent(UNKNOWN) }),
        'SERVER_NOT_FOUND',
        'power is refused',
      )
      await checkRejects(
        link.call('server.install', { server: UNKNOWN, ...install }),
        'SERVER_NOT_FOUND',
        'an installation is refused',
      )
      const { servers } = await link.call('server.list', {})
      check(!servers.some((report) => report.server === spec.id), 'it is not listed')
    })

    promise('answers NODE_UNSUPPORTED to what its kind of node cannot do', async ({ link, unsupported }) => {
      const parameters = { server: UNKNOWN, ...intent(UNKNOWN) }
      for (const method of unsupported) {
        await checkRejects(link.call(method, parameters), 'NODE_UNSUPPORTED', `${method} is refused`)
      }
    })

    promise('takes a level, again too, and answers with its generation', async ({ link, server }) => {
      const spec = await server()
      for (let times = 0; times < 2; times++) {
        const report = await link.call('server.apply', { spec })
        checkEqual(report.server, spec.id, 'the report is about the server')
        checkEqual(report.generation, spec.generation, 'it names the generation')
        checkEqual(report.state, 'offline', 'a new server is offline')
      }
    })

    promise('installs, and says how it ended', async (harness) => {
      const spec = await installed(harness)
      const { servers } = await harness.link.call('server.list', {})
      const report = servers.find((entry) => entry.server === spec.id)
      checkEqual([report?.install, report?.isOrphaned], ['installed', false], 'it is listed as installed')
      const { state, stats } = await harness.link.call('server.stats', { server: spec.id })
      checkEqual([state, stats], ['offline', null], 'it does not run yet')
    })

    promise('starts, shows the console, takes a line, and stops', async (harness) => {
      const { link, stored, console } = harness
      const spec = await installed(harness)
      const server = spec.id
      await link.call('console.watch', { server, after: null, tail: 100 })
      await link.call('server.power', { server, action: 'start', ...intent(UNKNOWN) })
      await settle(async () => (await stored(server))?.state === 'running', 'the server runs')
      const first = (await stored(server))?.run ?? 0
      check(first > 0, 'a start has a number')
      checkEqual((await link.call('server.stats', { server })).state, 'running', 'it says so when asked')

      await link.call('server.command', { server, command: 'say conformance', ...intent(UNKNOWN) })
      await settle(() => has(console(server), 'say conformance'), 'the answer is on the console')

      await link.call('server.power', { server, action: 'stop', ...intent(UNKNOWN) })
      await settle(async () => (await stored(server))?.state === 'offline', 'the server stops')
      await link.call('server.power', { server, action: 'start', ...intent(UNKNOWN) })
      await settle(async () => (await stored(server))?.state === 'running', 'the server runs again')
      checkEqual((await stored(server))?.run, first + 1, 'the next start has the next number')
      await link.call('server.power', { server, action: 'kill', ...intent(UNKNOWN) })
      await settle(async () => (await stored(server))?.state === 'offline', 'it is killed')
    })

    promise('gives each console line one place, and reads on from any of them', async (harness) => {
      const { link, stored, console } = harness
      const { id: server } = await installed(harness)
      await link.call('console.watch', { server, after: null, tail: 0 })
      await link.call('server.power', { server, action: 'start', ...intent(UNKNOWN) })
      await settle(async () => (await stored(server))?.state === 'running', 'the server runs')
      for (const command of ['say one', 'say two', 'say three']) {
        await link.call('server.command', { server, command, ...intent(UNKNOWN) })
        await settle(() => has(console(server), command), `${command} is answered`)
      }
      const { lines } = await link.call('console.read', { server, after: null, limit: 1000 })
      const places = lines.map(({ run, line }) => run * 1e14 + line)
      check(
        places.every((place, index) => index === 0 || place > places[index - 1]!),
        'lines are in order, each once',
      )
      const from = lines.findIndex(({ text }) => text.includes('say one'))
      const cursor = lines[from]
      check(cursor, 'the first answer is kept')
      const rest = await link.call('console.read', { server, after: `${cursor.run}:${cursor.line}`, limit: 1000 })
      checkEqual(rest.lines, lines.slice(from + 1), 'what follows a place is what follows it')

      await link.call('console.unwatch', { server })
      const seen = console(server).length
      await link.call('server.command', { server, command: 'say unseen', ...intent(UNKNOWN) })
      await settle(async () => {
        const read = await link.call('console.read', { server, after: null, limit: 1000 })
        return has(
          read.lines.map(({ text }) => text),
          'say unseen',
        )
      }, 'the line is kept')
      checkEqual(console(server).length, seen, 'nothing is sent when nobody watches')
      await link.call('server.power', { server, action: 'kill', ...intent(UNKNOWN) })
      await settle(async () => (await stored(server))?.state === 'offline', 'it is killed')
    })

    promise('deletes, again too, and says that the server is gone', async (harness) => {
      const { link, operation, stored } = harness
      const spec = await installed(harness)
      const deletion = {
        server: spec.id,
        generation: spec.generation,
        ...intent(await operation(spec.id, 'server.delete')),
      }
      await link.call('server.delete', deletion)
      await settle(async () => (await stored(spec.id)) === null, 'the panel removes it')
      await link.call('server.delete', { ...deletion, generation: NOBODY })
      const { servers } = await link.call('server.list', {})
      check(!servers.some((report) => report.server === spec.id), 'it is not listed any more')
    })

    promise('says that the node is away when it is', async ({ link, disconnect }) => {
      check(link.isConnected, 'it is connected')
      await disconnect()
      await settle(() => !link.isConnected, 'the end is seen')
      await checkRejects(link.call('server.list', {}), 'NODE_UNREACHABLE', 'calls are refused')
    })
  })
}

const INSTALL = { isReinstall: false, skipScript: false, startWhenInstalled: false }

function intent(operation: string) {
  return { operation, requestedBy: 'conformance', lifetimeMs: null }
}

async function installed({ link, server, operation, operationStatus, stored }: NodeLinkHarness): Promise<Spec> {
  const spec = await server()
  await link.call('server.apply', { spec })
  const id = await operation(spec.id, 'server.install')
  await link.call('server.install', { server: spec.id, ...intent(id), ...INSTALL })
  await settle(async () => (await operationStatus(id)) === 'succeeded', 'the operation ends')
  await settle(async () => (await stored(spec.id))?.install === 'installed', 'the server is installed')
  return spec
}

const has = (texts: readonly string[], part: string): boolean => texts.some((text) => text.includes(part))

/** Asks until it is so: a node may tell it in any of several ways. */
async function settle(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + DEADLINE_MS
  while (!(await isSo())) {
    check(performance.now() < end, `${what} within a minute`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
