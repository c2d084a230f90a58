import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createDockerRuntime } from './index.ts'

/** An engine that takes every request and answers none, or only those that `answer` names. */
async function silentEngine(answer: (path: string) => string | null = () => null) {
  const directory = await mkdtemp(join(tmpdir(), 'runtimes-silent-'))
  const socketPath = join(directory, 'docker.sock')
  const asked = new Set<string>()
  let open = 0
  const server = createServer((request, response) => {
    asked.add(`${request.method} ${request.url}`)
    open++
    request.socket.once('close', () => open--)
    const body = answer(request.url ?? '')
    if (body !== null) response.setHeader('content-type', 'application/json').end(body)
  })
  server.listen(socketPath)
  await once(server, 'listening')
  return {
    socketPath,
    asked,
    async untilNobodyWaits() {
      while (open > 0) await new Promise((resolve) => setImmediate(resolve))
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await rm(directory, { recursive: true })
    },
  }
}

const deadlines = { quickMs: 60, slowMs: 60, streamMs: 60, pullMs: 60 }

test('an engine that does not answer is away, and no request to it is left behind', async () => {
  await using engine = await silentEngine()
  const runtime = createDockerRuntime({ installation: 'x', socketPath: engine.socketPath, firewall: false, deadlines })
  const server = randomUUID()
  const calls = [
    () => runtime.check(),
    () => runtime.inspect(server),
    () => runtime.list(),
    () => runtime.start(server),
    () => runtime.kill(server),
    () => runtime.remove(server),
    () => runtime.stdin(server, 'x'),
    () => runtime.prepareImage('busybox', () => undefined),
  ]
  for (const call of calls) {
    const error = await call().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'RUNTIME_UNAVAILABLE', message: expect.stringContaining('within 0.06 s') })
  }
  await engine.untilNobodyWaits()
})

test('a call that is cancelled says so, and not that the engine is away', async () => {
  await using engine = await silentEngine()
  const runtime = createDockerRuntime({ installation: 'x', socketPath: engine.socketPath, firewall: false })
  const cancel = new AbortController()
  const checking = runtime.check(cancel.signal)
  cancel.abort()
  await expect(checking).rejects.toMatchObject({ code: 'CANCELLED' })
})

test('waiting for an end goes on while the engine is silent', async () => {
  const server = randomUUID()
  const container = {
    Id: 'abc',
    Config: { Labels: { 'hatchery.installation': 'x', 'hatchery.server': server } },
    State: { Running: true, StartedAt: '2026-01-01T00:00:00Z', FinishedAt: '' },
  }
  await using engine = await silentEngine((path) => (path.includes('/json') ? JSON.stringify(container) : null))
  const runtime = createDockerRuntime({ installation: 'x', socketPath: engine.socketPath, firewall: false, deadlines })
  const cancel = new AbortController()
  const waiting = runtime.waitForExit(server, cancel.signal)
  // The engine says nothing to the wait itself, so it is asked again and again until somebody has had enough.
  while (![...engine.asked].some((path) => path.includes('/wait')))
    await new Promise((resolve) => setImmediate(resolve))
  cancel.abort()
  await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' })
})
