import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { CONFORMANCE_PROGRAM, describeRuntime } from '@hatchery/core/conformance'
import type { RuntimeSpec } from '@hatchery/core/runtime'
import { createKubernetesRuntime, type KubernetesRuntime } from './index.ts'
import { FakeCluster } from './testing/fake-cluster.ts'

const specOf = (overrides: Partial<RuntimeSpec> = {}): RuntimeSpec => ({
  server: randomUUID(),
  image: 'registry.example/game:1',
  startup: CONFORMANCE_PROGRAM,
  environment: {},
  limits: { memoryMiB: 128, swapMiB: 0, diskMiB: 0, cpuPercent: 0, cpuPinning: null, ioWeight: 500, pids: 64 },
  allocations: [],
  dataDirectory: '/nowhere',
  uid: 70_061,
  gid: 70_061,
  subnet: null,
  ...overrides,
})

async function createHarness() {
  const cluster = await FakeCluster.start()
  const installation = `conformance-${randomUUID()}`
  const open = () => createKubernetesRuntime({ ...cluster.access, installation, namespace: 'games' })
  const runtimes: [KubernetesRuntime, ...KubernetesRuntime[]] = [open()]
  return {
    cluster,
    runtime: runtimes[0],
    reopen: async () => {
      const next = open()
      runtimes.push(next)
      return next
    },
    spec: async (overrides: Partial<RuntimeSpec> = {}) => specOf(overrides),
    async [Symbol.asyncDispose]() {
      for (const runtime of runtimes) await runtime[Symbol.asyncDispose]()
      await cluster[Symbol.asyncDispose]()
    },
  }
}

describeRuntime(
  { describe, test: (name, body) => test(name, { timeout: 60_000 }, body) },
  'kubernetes on a fake API server',
  createHarness,
)

describe('kubernetes runtime', { timeout: 20_000 }, () => {
  test('goes on where it was after the API server was replaced', async () => {
    await using harness = await createHarness()
    const { runtime, cluster } = harness
    const spec = specOf()
    await runtime.create(spec)
    await runtime.start(spec.server)
    const lines: string[] = []
    let wake = () => {}
    const output = (async () => {
      for await (const { text } of runtime.output(spec.server, {})) {
        lines.push(text)
        wake()
      }
    })()
    const exit = runtime.waitForExit(spec.server)
    const until = async (text: string) => {
      while (!lines.includes(text)) await new Promise<void>((resolve) => (wake = resolve))
    }
    await until('ready')
    for (let round = 1; round <= 3; round++) {
      await runtime.stdin(spec.server, `round ${round}`)
      await until(`got round ${round}`)
      cluster.cut()
      cluster.store.compact()
    }
    await runtime.stdin(spec.server, 'exit 6')
    expect((await exit).exitCode).toBe(6)
    await output
    expect(lines).toEqual(['ready', 'got round 1', 'got round 2', 'got round 3'])
  })

  test('a pod that the cluster took away was interrupted: it ended without an exit code', async () => {
    await using harness = await createHarness()
    const { runtime, cluster } = harness
    const spec = specOf()
    await runtime.create(spec)
    await runtime.start(spec.server)
    const { runKey } = (await runtime.inspect(spec.server))!
    const exit = runtime.waitForExit(spec.server)
    await runtime.stats(spec.server)
    cluster.evict(`hatchery-${spec.server}`)
    expect(await exit).toMatchObject({ isRunning: false, exitCode: null })
    await runtime.start(spec.server)
    expect((await runtime.inspect(spec.server))?.runKey).not.toBe(runKey)
  })

  test('an image that does not come ends the start with the reason, and leaves no pod that tries for ever', async () => {
    await using harness = await createHarness()
    const { runtime, cluster } = harness
    const spec = specOf()
    cluster.imageFailure = 'manifest unknown'
    await runtime.create(spec)
    await expect(runtime.start(spec.server)).rejects.toMatchObject({
      code: 'IMAGE_PULL_FAILED',
      details: { reason: 'manifest unknown' },
    })
    expect(cluster.store.list('pods', {})).toEqual([])
  })

  test('touches nothing of another installation', async () => {
    await using harness = await createHarness()
    const { runtime, cluster } = harness
    const spec = specOf()
    const other = createKubernetesRuntime({ ...cluster.access, installation: 'other', namespace: 'games' })
    await other.create(spec)
    await other.start(spec.server)
    expect(await runtime.inspect(spec.server)).toBeNull()
    await runtime.kill(spec.server)
    await runtime.remove(spec.server)
    await expect(runtime.create(spec)).rejects.toMatchObject({ code: 'CONTAINER_CONFLICT' })
    expect((await other.inspect(spec.server))?.isRunning).toBe(true)
    expect(await runtime.list()).toEqual([])
  })

  test('a refused token is an error of the runtime, and a missing API server is away', async () => {
    await using harness = await createHarness()
    const { access } = harness.cluster
    const refused = createKubernetesRuntime({ ...access, token: 'wrong', installation: 'x', namespace: 'games' })
    await expect(refused.check()).rejects.toMatchObject({ code: 'RUNTIME_FAILED' })
    const away = createKubernetesRuntime({ url: 'http://127.0.0.1:1', installation: 'x' })
    await expect(away.check()).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE' })
  })
})
