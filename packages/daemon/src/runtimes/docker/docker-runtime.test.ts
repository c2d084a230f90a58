import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import { CONFORMANCE_PROGRAM, describeRuntime } from '@hatchery/core/conformance'
import type { RuntimeSpec } from '@hatchery/core/runtime'
import { createDirectoryVolumes } from '../../volumes/index.ts'
import { hasEngine, importBusybox } from '../test-engine.ts'
import { createDockerRuntime } from './index.ts'

const IMAGE = 'hatchery-test/conformance:latest'

const isHere = hasEngine('docker runtime')
if (isHere) importBusybox(IMAGE)
describeRuntime(
  { describe, test: (name, body) => test.runIf(isHere)(name, { timeout: 60_000 }, body) },
  'docker',
  async () => {
    const root = await mkdtemp(join(tmpdir(), 'runtimes-conformance-'))
    const volumes = createDirectoryVolumes({ root })
    const installation = `conformance-${randomUUID()}`
    const open = () => createDockerRuntime({ installation, subnetPool: '10.214.0.0/20', firewall: false })
    const runtimes = [open()]
    return {
      runtime: runtimes[0]!,
      reopen: async () => {
        const next = open()
        runtimes.push(next)
        return next
      },
      spec: async (overrides = {}): Promise<RuntimeSpec> => {
        const server = randomUUID()
        const owner = { uid: 70_001, gid: 70_001 }
        const { dataDirectory } = await volumes.create(server, owner)
        return {
          server,
          image: IMAGE,
          startup: CONFORMANCE_PROGRAM,
          environment: {},
          limits: { memoryMiB: 128, swapMiB: 0, diskMiB: 0, cpuPercent: 0, cpuPinning: null, ioWeight: 500, pids: 64 },
          allocations: [],
          dataDirectory,
          ...owner,
          subnet: null,
          ...overrides,
        }
      },
      async [Symbol.asyncDispose]() {
        for (const runtime of runtimes) await runtime[Symbol.asyncDispose]()
        await rm(root, { recursive: true, force: true })
      },
    }
  },
)
