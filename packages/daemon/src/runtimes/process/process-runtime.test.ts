import { randomUUID } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import { CONFORMANCE_PROGRAM, describeRuntime } from '@hatchery/core/conformance'
import type { RuntimeSpec } from '@hatchery/core/runtime'
import { createDirectoryVolumes } from '../../volumes/index.ts'
import { createProcessRuntime } from './index.ts'

describeRuntime({ describe, test: (name, body) => test(name, { timeout: 60_000 }, body) }, 'process', async () => {
  const root = await mkdtemp(join(tmpdir(), 'runtimes-process-'))
  // The servers run under uids of their own and have to get through.
  await chmod(root, 0o711)
  const volumes = createDirectoryVolumes({ root: join(root, 'volumes') })
  const open = () => createProcessRuntime({ stateDirectory: join(root, 'state') })
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
      const owner =
        process.getuid?.() === 0 ? { uid: 70_002, gid: 70_002 } : { uid: process.getuid!(), gid: process.getgid!() }
      const { dataDirectory } = await volumes.create(server, owner)
      return {
        server,
        image: 'none',
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
})
