import { randomBytes } from 'node:crypto'
import path from 'node:path'
import cookie from '@fastify/cookie'
import multipart from '@fastify/multipart'
import websocket from '@fastify/websocket'
import { createPanel, ensureFirstAdmin } from '@hatchery/panel'
import Fastify from 'fastify'

/** A hosting company's own site, with the panel below `/hosting`. Who is signed in here is signed in there. */
export async function createApp({ dataDirectory }) {
  const app = Fastify()
  await app.register(cookie)
  await app.register(websocket)
  await app.register(multipart)
  app.setErrorHandler((error, _request, reply) => {
    reply.code(error.statusCode ?? 500).send({ acme: 'error', text: error.message })
  })

  // The company's own sign-in: a random token for each visitor, and the panel's user that it belongs to.
  const sessions = new Map()

  const panel = await createPanel({
    database: `sqlite:${path.join(dataDirectory, 'panel.sqlite')}`,
    masterKey: { directory: dataDirectory },
    panelName: 'Acme Hosting',
    authenticate(request) {
      const userUuid = sessions.get(app.parseCookie(request.headers.cookie ?? '').acme)
      return userUuid === undefined ? null : { userUuid }
    },
  })
  // Alice runs the company; her user in the panel is its first administrator.
  const alice = await ensureFirstAdmin(panel.ctx, { email: 'alice@acme.example' })
  await app.register(panel.plugin, { prefix: '/hosting' })
  app.addHook('onClose', () => panel.close())

  app.get('/', () => 'Acme sells game servers.')
  app.get('/boom', () => {
    throw new Error('the site has errors of its own')
  })
  app.post('/upload', async (request) => ({ bytes: (await (await request.file()).toBuffer()).length }))
  app.get('/chat', { websocket: true }, (socket) =>
    socket.on('message', (text) => socket.send(`Acme heard: ${String(text)}`)),
  )
  app.post('/sign-in', (_request, reply) => {
    // A real site checks a password here.
    const token = randomBytes(24).toString('base64url')
    sessions.set(token, alice.uuid)
    return reply.setCookie('acme', token, { path: '/', httpOnly: true, sameSite: 'lax' }).send({ ok: true })
  })
  return app
}
