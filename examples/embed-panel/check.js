// Starts the site, looks at it as a visitor would, and ends with exit code 0 when site and panel leave each other alone.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createClient, createLiveClient } from '@hatchery/core/sdk'
import { createApp } from './app.js'

const dataDirectory = mkdtempSync(path.join(os.tmpdir(), 'embed-panel-'))
const app = await createApp({ dataDirectory })
const site = await app.listen({ port: 0, host: '127.0.0.1' })
const hosting = `${site}/hosting`

try {
  // The site is as it was: its pages, its errors, its uploads, its WebSocket.
  assert.equal(await (await fetch(site)).text(), 'Acme sells game servers.')
  const boom = await fetch(`${site}/boom`)
  assert.deepEqual([boom.status, (await boom.json()).acme], [500, 'error'])
  const form = new FormData()
  form.set('file', new Blob(['12345']), 'five.txt')
  assert.deepEqual(await (await fetch(`${site}/upload`, { method: 'POST', body: form })).json(), { bytes: 5 })
  assert.equal(await chat(site.replace('http', 'ws')), 'Acme heard: hello')

  // The panel answers below its prefix, with its own error shape, and lets in who the site has signed in.
  const stranger = await fetch(`${hosting}/api/v1/account`)
  assert.deepEqual([stranger.status, (await stranger.json()).error.code], [401, 'NOT_SIGNED_IN'])

  const signedIn = await fetch(`${site}/sign-in`, { method: 'POST' })
  const headers = { cookie: signedIn.headers.getSetCookie()[0].split(';')[0], origin: site }
  const client = createClient({ url: hosting, headers })
  assert.equal((await client.getAccount()).email, 'alice@acme.example')
  assert.equal((await client.createLocation({ body: { name: 'Frankfurt' } })).name, 'Frankfurt')
  await assert.rejects(client.getServer({ params: { server: '00000000' } }), { code: 'SERVER_NOT_FOUND' })

  // So does its live channel.
  class SiteSocket extends WebSocket {
    constructor(url) {
      super(url, { headers })
    }
  }
  const live = createLiveClient({ url: hosting, WebSocket: SiteSocket })
  const late = setTimeout(() => live.close(), 10_000)
  await live.subscribe('servers', () => undefined).ready
  clearTimeout(late)
  live.close()
  console.log('The panel runs inside the site, and neither disturbs the other.')
} finally {
  await app.close()
  rmSync(dataDirectory, { recursive: true, force: true })
}

function chat(url) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url}/chat`)
    socket.onopen = () => socket.send('hello')
    socket.onerror = () => reject(new Error('the chat did not open'))
    socket.onmessage = ({ data }) => {
      socket.close()
      resolve(data)
    }
  })
}
