import { execFile, execFileSync, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { createGameServer, waitForState } from '../../test/game-server.ts'
import type { Product } from '../../test/product.ts'

const run = promisify(execFile)
const IMAGE = 'hatchery.local/demo-node:1'
const PORT = 29_871
const COMMAND = `echo ready; exec node -e 'setInterval(() => {}, 1e6)'`

export interface StartClick {
  /** From the request to the engine's own "start" event, sorted. */
  readonly clickMs: readonly number[]
  /** From the start of `docker start` to the same event, sorted; measured in turns with the clicks. */
  readonly dockerMs: readonly number[]
}

/** Starts a server through the API and a like container through the engine's own command, in turns. */
export async function measureStartClick(product: Product, trials: number): Promise<StartClick> {
  const server = await createGameServer(product, { name: 'Start', startup: COMMAND, image: IMAGE })
  const container = `hatchery-accept-${process.pid}`
  // Like the server's: a network of its own, a port published for both protocols, limits, a read-only root.
  const limits = ['--read-only', '--memory=256m', '--pids-limit=128', '--cap-drop=ALL', '--tmpfs=/tmp']
  const ports = ['tcp', 'udp'].map((protocol) => `--publish=0.0.0.0:${PORT}:${PORT}/${protocol}`)
  execFileSync('docker', ['network', 'create', container], { stdio: 'ignore' })
  execFileSync(
    'docker',
    ['create', '--name', container, '--init', '--network', container, ...ports, ...limits, IMAGE, 'sh', '-c', COMMAND],
    { stdio: 'ignore' },
  )
  using starts = watchStarts()
  const params = { params: { server: server.id } }
  const clickMs: number[] = []
  const dockerMs: number[] = []
  try {
    for (let trial = 0; trial < trials; trial += 1) {
      const clicked = Date.now()
      const started = starts.next(`hatchery-${server.id}`)
      await product.client.powerServer({ ...params, body: { action: 'start' } })
      clickMs.push((await started) - clicked)
      await waitForState(product.client, server.id, 'running')
      await product.client.powerServer({ ...params, body: { action: 'kill' } })
      await waitForState(product.client, server.id, 'offline')

      const asked = Date.now()
      const own = starts.next(container)
      await run('docker', ['start', container])
      dockerMs.push((await own) - asked)
      await run('docker', ['kill', container])
    }
  } finally {
    execFileSync('docker', ['rm', '-f', container], { stdio: 'ignore' })
    execFileSync('docker', ['network', 'rm', container], { stdio: 'ignore' })
  }
  return { clickMs: clickMs.toSorted((a, b) => a - b), dockerMs: dockerMs.toSorted((a, b) => a - b) }
}

interface Starts extends Disposable {
  /** Time, by the engine, at which the container of this name starts next. */
  next(name: string): Promise<number>
}

function watchStarts(): Starts {
  const child = spawn('docker', ['events', '--filter', 'event=start', '--format', '{{json .}}'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const waiting = new Map<string, (at: number) => void>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = JSON.parse(line) as { timeNano: number; Actor: { Attributes: { name: string } } }
    const { name } = event.Actor.Attributes
    waiting.get(name)?.(event.timeNano / 1e6)
    waiting.delete(name)
  })
  return {
    next: (name) => new Promise((resolve) => waiting.set(name, resolve)),
    [Symbol.dispose]: () => void child.kill(),
  }
}
