import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import cookie from '@fastify/cookie'
import multipart from '@fastify/multipart'
import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { createPanel } from '../create-panel.ts'
import { openTestDatabase } from '../testing/test-database.ts'

for (const prefix of ['/hosting', '']) {
  test(`a host with plugins of its own keeps its WebSockets, and the panel below "${prefix}" has its own`, async () => {
    await using database = await openTestDatabase('sqlite')
    const app = Fastify({ forceCloseConnections: true })
    await app.register(cookie)
    await app.register(websocket)
    await app.register(multipart)
    app.get('/chat', { websocket: true }, (socket) => {
      socket.on('message', (text) => socket.send(`heard ${String(text)}`))
    })
    const emit = app.server.emit
    const panel = await createPanel({ database: database.store, masterKey: new Uint8Array(32).fill(7), log: 'silent' })
    await app.register(panel.plugin, { prefix })
    await app.listen({ port: 0, host: '127.0.0.1' })
    const url = `ws://127.0.0.1:${(app.server.address() as AddressInfo).port}`

    const chat = new WebSocket(`${url}/chat`)
    await once(chat, 'open')
    chat.send('hello')
    expect(String((await once(chat, 'message'))[0])).toBe('heard hello')

    // Nobody is signed in: the panel says so on the open socket, in the words of its own protocol.
    const live = new WebSocket(`${url}${prefix}/api/v1/live`)
    expect((await once(live, 'close'))[0]).toBe(4401)
    const refused = new WebSocket(`${url}${prefix}/api/v1/none`)
    const [error] = (await once(refused, 'error')) as [Error]
    expect(error.message).toContain('404')

    chat.close()
    await app.close()
    expect(app.server.emit).toBe(emit)
  })
}
