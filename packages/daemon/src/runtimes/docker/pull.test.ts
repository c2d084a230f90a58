import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Progress } from '@hatchery/core/runtime'
import { hasEngine, importBusybox, run } from '../test-engine.ts'
import { createDockerRuntime } from './index.ts'
import { LayerProgress } from './pull.ts'

/** A runtime of its own has not asked any registry yet. */
const newRuntime = () => createDockerRuntime({ installation: `pull-${randomUUID()}` })

async function collect(
  image: string,
  signal?: AbortSignal,
  onEach?: (progress: Progress) => void,
  runtime = newRuntime(),
): Promise<Progress[]> {
  const all: Progress[] = []
  const add = (progress: Progress) => {
    all.push(progress)
    onEach?.(progress)
  }
  await runtime.prepareImage(image, add, signal)
  return all
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Debian's registry on a free port of this machine. */
async function startRegistry() {
  const directory = await mkdtemp(join(tmpdir(), 'runtimes-registry-'))
  const port = await freePort()
  const config = join(directory, 'config.yml')
  await writeFile(
    config,
    `version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: ${directory}/data\nhttp:\n  addr: 127.0.0.1:${port}\n`,
  )
  const child = spawn('docker-registry', ['serve', config], { stdio: 'ignore' })
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/v2/`).catch(() => null) // it is still starting
    if (answer?.ok) break
    if (child.exitCode !== null) throw new Error(`docker-registry ended with ${child.exitCode}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return {
    host: `127.0.0.1:${port}`,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill()
      await once(child, 'exit')
    },
    async [Symbol.asyncDispose]() {
      await this.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

const isHere = hasEngine('docker image pull')
const hasRegistry = existsSync('/usr/bin/docker-registry')
if (isHere && !hasRegistry) {
  if (process.env['HATCHERY_CI']) throw new Error('docker image pull: docker-registry is not installed')
  process.stdout.write('skipped: docker image pull from a registry (docker-registry is not installed)\n')
}

describe.runIf(isHere && hasRegistry)('pulling from a registry', { timeout: 60_000 }, () => {
  test('shows bytes that rise to the total, then uses the local copy when the registry is gone', async () => {
    await using registry = await startRegistry()
    const image = `${registry.host}/hatchery/game:1`
    importBusybox(image, { files: { payload: randomBytes(6_000_000).toString('base64') } })
    run('docker', ['push', image])
    run('docker', ['rmi', image])

    const progress = await collect(`~${image}`)
    const bytes = progress.filter((step) => step.unit === 'bytes')
    const last = bytes.at(-1)!
    expect(last.total).toBeGreaterThan(5_000_000)
    expect(last.current).toBe(last.total)
    expect(last.detail).toMatch(/Downloaded newer image|1 of 1 layers done/)
    expect(bytes.every((step, index) => index === 0 || step.current >= bytes[index - 1]!.current)).toBe(true)
    expect(bytes.some((step) => /downloading 1/.test(step.detail))).toBe(true)

    const asking = newRuntime()
    expect((await collect(image, undefined, undefined, asking)).at(-1)?.detail).toMatch(/up to date/)
    // Asked a moment ago: a start does not wait for the registry again.
    expect(await collect(image, undefined, undefined, asking)).toEqual([])

    await registry.stop()
    const local = await collect(image)
    expect(local.at(-1)?.detail).toMatch(/could not be pulled \(.*refused.*\)\. The local copy is used\./)
    run('docker', ['rmi', image])
    await expect(collect(image)).rejects.toMatchObject({ code: 'IMAGE_PULL_FAILED', details: { image } })
  })

  test('stops when it is cancelled', async () => {
    await using registry = await startRegistry()
    const image = `${registry.host}/hatchery/large:1`
    importBusybox(image, { files: { payload: randomBytes(30_000_000).toString('base64') } })
    run('docker', ['push', image])
    run('docker', ['rmi', image])
    const cancel = new AbortController()
    await expect(collect(image, cancel.signal, () => cancel.abort())).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(run('docker', ['images', '-q', image])).toBe('')
  })
})

test.runIf(isHere)('an image that is nowhere is an error that names it', async () => {
  const image = `127.0.0.1:${await freePort()}/nobody/nothing:1`
  await expect(collect(image)).rejects.toMatchObject({ code: 'IMAGE_PULL_FAILED', details: { image } })
})

test.runIf(isHere)('a malformed reference never reaches the engine', async () => {
  await expect(collect('a;touch /tmp/x')).rejects.toMatchObject({ code: 'IMAGE_INVALID' })
})

test('adds up layers, those that were here and those whose size is not said included', () => {
  const layers = new LayerProgress()
  const add = (id: string, status: string, current?: number, total?: number) =>
    layers.add({
      id,
      status,
      ...(current === undefined ? {} : { progressDetail: { current, ...(total === undefined ? {} : { total }) } }),
    })
  layers.add({ id: '1', status: 'Pulling from acme/game' })
  expect(layers.progress()).toEqual({ current: 0, total: null, unit: 'bytes', detail: 'Asking the registry' })
  add('a', 'Pulling fs layer')
  add('b', 'Already exists')
  add('c', 'Pulling fs layer')
  expect(layers.progress()).toMatchObject({ total: null, detail: '1 of 3 layers done' })
  add('a', 'Downloading', 10, 100)
  add('c', 'Downloading', 5)
  expect(layers.progress()).toMatchObject({ current: 15, total: null, detail: '1 of 3 layers done, downloading 2' })
  add('c', 'Download complete')
  expect(layers.progress()).toMatchObject({ current: 15, total: 105 })
  add('a', 'Extracting', 50, 100)
  add('c', 'Pull complete')
  expect(layers.progress()).toEqual({
    current: 105,
    total: 105,
    unit: 'bytes',
    detail: '2 of 3 layers done, extracting 1',
  })
  add('a', 'Pull complete')
  layers.add({ status: 'Status: Downloaded newer image for acme/game:1' })
  expect(layers.progress()).toEqual({
    current: 105,
    total: 105,
    unit: 'bytes',
    detail: 'Status: Downloaded newer image for acme/game:1',
  })
})
