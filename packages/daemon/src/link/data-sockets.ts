import { AppError } from '@hatchery/core/errors'
import { openDataStream, type DataStream, type ProtocolSocket } from '@hatchery/core/protocol'
import type { PanelConnection } from './panel-connection.ts'

export interface DataSocketsOptions {
  readonly connection: PanelConnection
  /** Opens a socket to the panel for bytes; the route is the panel's own business and goes into the address. */
  readonly openSocket: (route: string | null, signal: AbortSignal) => Promise<ProtocolSocket>
}

/** Sockets for bytes, beside the one for everything else: no file shall ever hold up a console (RULES 12). */
export class DataSockets {
  readonly #options: DataSocketsOptions

  constructor(options: DataSocketsOptions) {
    this.#options = options
  }

  /**
   * Opens the socket that a call of the panel has a ticket for.
   * @throws AppError `CONNECTION_LOST`, `HANDSHAKE_FAILED`
   */
  async open(ticket: string, signal: AbortSignal): Promise<DataStream> {
    const { connection, openSocket } = this.#options
    const { session } = connection
    if (!session) throw new AppError('CONNECTION_LOST', { method: 'data stream' })
    const [id = '', route = null] = ticket.split('.')
    let socket: ProtocolSocket
    try {
      socket = await openSocket(route, signal)
    } catch (error) {
      throw new AppError('CONNECTION_LOST', { method: 'data stream' }, { cause: error })
    }
    const stream = await openDataStream(socket, session, id)
    const end = () => stream.close('the call has ended')
    if (signal.aborted) end()
    return stream
  }
}
