import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import {
  MAX_FRAME_BYTES,
  acceptAgent,
  acceptDataStream,
  createDataTicket,
  protocolSocket,
  type AgentMethod,
  type AgentParams,
  type AgentResult,
  type DataTicket,
  type DurableEvent,
  type DurableEventName,
  type EphemeralEvent,
  type PanelSession,
} from '@hatchery/core/protocol'
import type { ConsoleLine } from '../console/line-record.ts'

/** As much of a panel as an agent needs: enrolment, and the real end of the protocol over a real WebSocket server. */
export class FakePanel implements AsyncDisposable {
  readonly node = randomUUID()
  readonly token = `hat_${randomUUID()}`
  /** Every durable event, in the order it was stored. */
  readonly events: DurableEvent[] = []
  readonly enrolments: unknown[] = []
  /** Console lines of every server, as they came. */
  readonly lines: ConsoleLine[] = []
  readonly ephemeral: EphemeralEvent[] = []
  skipped = 0
  sessions = 0
  /** Sockets for bytes that were opened. */
  dataSockets = 0
  isRecovery = false
  /** Secrets that this panel accepts, by key id. */
  readonly secrets = new Map<string, Uint8Array>()
  /** Key id of each session, in order. */
  readonly keyIds: string[] = []
  #session: PanelSession | null = null
  #stored = new Map<string, number>()
  readonly #waiting = new Set<() => void>()
  readonly #server = createServer((request, response) => void this.#answer(request, response))
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES, perMessageDeflate: false })

  static async start(port = 0): Promise<FakePanel> {
    const panel = new FakePanel()
    panel.#server.on('upgrade', (request, socket, head) => {
      panel.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
        const { searchParams } = new URL(request.url ?? '', 'http://panel')
        const socket = protocolSocket(webSocket)
        if (searchParams.get('stream') === 'data') panel.#acceptData(socket)
        else void panel.#accept(socket, searchParams.get('node') ?? '')
      })
    })
    panel.#server.listen(port, '127.0.0.1')
    await once(panel.#server, 'listening')
    return panel
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo
    return `http://127.0.0.1:${port}`
  }

  get isConnected(): boolean {
    return this.#session !== null
  }

  call<M extends AgentMethod>(method: M, params: AgentParams<M>): Promise<AgentResult<M>> {
    if (!this.#session) throw new Error('No agent is connected.')
    return this.#session.call(method, params)
  }

  /** A ticket for a data socket; `opened` is the panel's end of it. */
  ticket(): DataTicket {
    if (!this.#session) throw new Error('No agent is connected.')
    return createDataTicket(this.#session)
  }

  /** Cuts the connection, as a network would. */
  disconnect(): void {
    this.#session?.close('test')
  }

  /** Settles as soon as the condition holds; it is looked at whenever something arrived. */
  async until(condition: () => boolean, what: string, timeoutMs = 15_000): Promise<void> {
    if (condition()) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const timer = setTimeout(() => reject(new Error(`Waited in vain until ${what}.`)), timeoutMs)
    const look = () => condition() && resolve()
    this.#waiting.add(look)
    try {
      await promise
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(look)
    }
  }

  eventsOf<N extends DurableEventName>(name: N): readonly DurableEvent<N>['data'][] {
    const isOf = (event: DurableEvent): event is DurableEvent & DurableEvent<N> => event.name === name
    return this.events.filter(isOf).map(({ data }) => data)
  }

  reportOf(server: string) {
    return this.eventsOf('server.report').findLast((report) => report.server === server)
  }

  async untilState(server: string, state: string): Promise<void> {
    await this.until(() => this.reportOf(server)?.state === state, `the server is ${state}`)
  }

  async untilFinished(operation: string) {
    const find = () => this.eventsOf('operation.finished').find((event) => event.operation === operation)
    await this.until(() => find() !== undefined, 'the operation has finished')
    return find()
  }

  async untilLine(text: string): Promise<void> {
    await this.until(() => this.lines.some((line) => line.text.includes(text)), `the console shows "${text}"`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#session?.close('the panel stops')
    for (const client of this.#sockets.clients) client.terminate()
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #acceptData(socket: ReturnType<typeof protocolSocket>): void {
    if (!this.#session) return socket.close(4401, 'no session')
    this.dataSockets += 1
    acceptDataStream(socket, this.#session).catch(() => {
      // A socket that does not get through the handshake is the agent's to report.
    })
  }

  async #accept(socket: ReturnType<typeof protocolSocket>, node: string): Promise<void> {
    try {
      const session = await acceptAgent(socket, node, {
        panel: { name: 'Fake', version: '0.0.0', features: [] },
        now: Date.now,
        findSecret: async (wanted, keyId) => (wanted === this.node ? (this.secrets.get(keyId) ?? null) : null),
        onHello: async (_node, keyId, hello) => {
          this.keyIds.push(keyId)
          return {
            node: this.node,
            panelEpoch: 1,
            sessionEpoch: ++this.sessions,
            storedSeq: this.#stored.get(hello.incarnation) ?? 0,
            wantsSnapshot: !this.#stored.has(hello.incarnation),
            isRecovery: this.isRecovery,
          }
        },
        handlers: () => ({
          onEvents: async (events) => {
            for (const { incarnation, seq, event } of events) {
              this.#stored.set(incarnation, seq)
              this.events.push(event)
            }
            this.#look()
          },
          onEphemeral: (event) => {
            if (event.name === 'console') {
              this.lines.push(...event.data.lines)
              this.skipped += event.data.skipped ?? 0
            } else this.ephemeral.push(event)
            this.#look()
          },
        }),
      })
      this.#session = session
      this.#look()
      await session.closed
      if (this.#session === session) this.#session = null
      this.#look()
    } catch {
      // A connection that does not get through the handshake is the agent's to report.
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { token: string; secret: string }
    this.enrolments.push(body)
    response.setHeader('content-type', 'application/json')
    if (request.url !== '/api/v1/agent/enrol' || body.token !== this.token) {
      response.statusCode = 401
      const error = { code: 'ENROLMENT_TOKEN_INVALID', message: 'The enrolment token is wrong.', requestId: 'r' }
      return void response.end(JSON.stringify({ error }))
    }
    this.secrets.set('k1', Buffer.from(body.secret, 'base64url'))
    const answer = { node: this.node, keyId: 'k1', panelName: 'Fake', linkPath: '/api/agent/link' }
    response.end(JSON.stringify(answer))
  }

  #look(): void {
    for (const look of this.#waiting) look()
  }
}
