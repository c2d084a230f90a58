import { expect, test } from 'vitest'
import { protocolSocket, type WebSocketLike } from './web-socket.ts'

class FakeWebSocket extends EventTarget {
  binaryType = 'blob'
  bufferedAmount = 5
  readyState = 1
  readonly sent: Uint8Array[] = []
  readonly closes: unknown[][] = []

  send(data: Uint8Array): void {
    this.sent.push(data)
  }

  close(...end: unknown[]): void {
    this.closes.push(end)
  }

  receive(data: unknown): void {
    this.dispatchEvent(new MessageEvent('message', { data }))
  }
}

const open = () => {
  const web = new FakeWebSocket()
  return { web, socket: protocolSocket(web as unknown as WebSocketLike) }
}

test('keeps what came before anybody listened', () => {
  const { web, socket } = open()
  web.receive(Uint8Array.of(1).buffer)
  const received: number[] = []
  socket.onMessage((data) => void received.push(...data))
  web.receive(Uint8Array.of(2).buffer)

  expect(received).toEqual([1, 2])
  expect(web.binaryType).toBe('arraybuffer')
  expect(socket.bufferedAmount).toBe(5)
})

test('tells of an end that came before anybody listened', () => {
  const { web, socket } = open()
  web.dispatchEvent(Object.assign(new Event('close'), { code: 1006, reason: 'gone' }))
  const ends: unknown[] = []
  socket.onClose((code, reason) => void ends.push([code, reason]))

  expect(ends).toEqual([[1006, 'gone']])
})

test('closes on a text message', () => {
  const { web } = open()
  web.receive('hello')
  expect(web.closes).toEqual([[4400, 'only binary messages are understood']])
})

test('sends nothing into a socket that is closing', () => {
  const { web, socket } = open()
  socket.send(Uint8Array.of(1))
  web.readyState = 2
  socket.send(Uint8Array.of(2))
  expect(web.sent).toEqual([Uint8Array.of(1)])
})
