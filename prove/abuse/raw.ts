import { connect } from 'node:net'

/** Writes bytes to the panel as they are and answers all that came back, until it closes or falls silent. */
export function sendRaw(url: string, bytes: string | Buffer, { waitMs = 3000 } = {}): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    const socket = connect(Number(port), hostname)
    const end = () => {
      socket.destroy()
      resolve(Buffer.concat(chunks).toString('latin1'))
    }
    socket.setTimeout(waitMs, end)
    socket.on('connect', () => socket.write(bytes))
    socket.on('data', (data: Buffer) => {
      chunks.push(data)
      // A whole answer with its length is the end of it.
      const text = Buffer.concat(chunks).toString('latin1')
      const length = /content-length: (\d+)/i.exec(text)?.[1]
      const head = text.indexOf('\r\n\r\n')
      if (head !== -1 && length !== undefined && text.length >= head + 4 + Number(length)) end()
      else if (head !== -1 && text.startsWith('HTTP/1.1 101')) end()
    })
    socket.on('close', end)
    socket.on('error', end)
  })
}

export const statusOf = (text: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0)

export interface Upgrade {
  readonly path: string
  readonly host?: string
  readonly headers?: readonly string[]
}

/** The bytes of a WebSocket upgrade. */
export function upgradeBytes(url: string, { path, host = new URL(url).host, headers = [] }: Upgrade): string {
  return [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
    '',
    '',
  ].join('\r\n')
}
