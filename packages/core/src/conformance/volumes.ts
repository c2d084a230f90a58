import type { ServerId, Volumes } from '../runtime/index.ts'
import { check, checkEqual, type TestRunner } from './runner.ts'

/** Enough for what the checks write, and for the smallest of drivers. */
const LIMIT_BYTES = 64 * 1024 * 1024
const MIB = 1024 * 1024

export interface VolumesHarness extends AsyncDisposable {
  readonly volumes: Volumes
  /** A server id that is not used elsewhere. */
  readonly serverId: () => ServerId
  /** Writes a file as the server itself would, past the agent. */
  readonly write: (server: ServerId, path: string, bytes: number) => Promise<void>
  /** Owner to create with: what the test process may set. */
  readonly owner: { readonly uid: number; readonly gid: number }
}

/** The promise of `Volumes`: every driver passes it. */
export function describeVolumes(runner: TestRunner, name: string, createHarness: () => Promise<VolumesHarness>): void {
  const promise = (sentence: string, body: (harness: VolumesHarness) => Promise<void>) =>
    runner.test(sentence, async () => {
      await using harness = await createHarness()
      await body(harness)
    })

  runner.describe(`volumes ${name}`, () => {
    promise('finds nothing before it was created, and the same afterwards', async ({ volumes, serverId, owner }) => {
      const server = serverId()
      checkEqual(await volumes.find(server), null, 'nothing is there')
      checkEqual((await volumes.list()).includes(server), false, 'it is not listed')
      const made = await volumes.create(server, owner, LIMIT_BYTES)
      checkEqual([made.server, made.version], [server, 1], 'the first version is 1')
      checkEqual(await volumes.create(server, owner, LIMIT_BYTES), made, 'creating again finds it')
      checkEqual(await volumes.find(server), made, 'it is found')
      check((await volumes.list()).includes(server), 'it is listed')
    })

    promise('counts what is used', async ({ volumes, serverId, owner, write }) => {
      const server = serverId()
      await volumes.create(server, owner, LIMIT_BYTES)
      const before = await volumes.usage(server)
      await write(server, 'world/region.bin', 300_000)
      const after = await volumes.usage(server)
      check(
        after - before >= 300_000 && after - before < 400_000,
        `usage rises by what was written (${after - before})`,
      )
    })

    promise('normalises and keeps the content', async ({ volumes, serverId, owner, write }) => {
      const server = serverId()
      await volumes.create(server, owner, LIMIT_BYTES)
      await write(server, 'a/b/c.txt', 10)
      const used = await volumes.usage(server)
      await volumes.normalise(server, owner)
      checkEqual(await volumes.usage(server), used, 'nothing is lost')
    })

    promise('holds the limit, raised and lowered as well, where it says so', async (harness) => {
      const { volumes, serverId, owner, write } = harness
      if (!volumes.capabilities.quota) return
      const server = serverId()
      await volumes.create(server, owner, LIMIT_BYTES)
      await write(server, 'first', 60 * MIB)
      check(await isRefused(write(server, 'too-much', 16 * MIB)), 'what is beyond the limit is refused')
      await volumes.limit(server, 2 * LIMIT_BYTES)
      await write(server, 'second', 50 * MIB)
      await volumes.limit(server, LIMIT_BYTES)
      check(await isRefused(write(server, 'third', MIB)), 'a lower limit holds at once')
      const used = await volumes.usage(server)
      check(used > 109 * MIB, `nothing is lost (${used})`)
      await volumes.limit(server, 0)
      await write(server, 'fourth', 80 * MIB)
    })

    promise('removes for ever, and what is gone already too', async ({ volumes, serverId, owner, write }) => {
      const server = serverId()
      await volumes.create(server, owner, LIMIT_BYTES)
      await write(server, 'deep/er/file', 10)
      await volumes.remove(server)
      await volumes.remove(server)
      checkEqual(await volumes.find(server), null, 'it is gone')
      checkEqual(await volumes.usage(server), 0, 'it uses nothing')
    })
  })
}

function isRefused(work: Promise<void>): Promise<boolean> {
  return work.then(
    () => false,
    () => true,
  )
}
