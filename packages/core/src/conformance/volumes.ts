import type { ServerId, Volumes } from '../runtime/index.ts'
import { check, checkEqual, type TestRunner } from './runner.ts'

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
      const made = await volumes.create(server, owner)
      checkEqual([made.server, made.version], [server, 1], 'the first version is 1')
      checkEqual(await volumes.create(server, owner), made, 'creating again finds it')
      checkEqual(await volumes.find(server), made, 'it is found')
      check((await volumes.list()).includes(server), 'it is listed')
    })

    promise('counts what is used', async ({ volumes, serverId, owner, write }) => {
      const server = serverId()
      await volumes.create(server, owner)
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
      await volumes.create(server, owner)
      await write(server, 'a/b/c.txt', 10)
      const used = await volumes.usage(server)
      await volumes.normalise(server, owner)
      checkEqual(await volumes.usage(server), used, 'nothing is lost')
    })

    promise('removes for ever, and what is gone already too', async ({ volumes, serverId, owner, write }) => {
      const server = serverId()
      await volumes.create(server, owner)
      await write(server, 'deep/er/file', 10)
      await volumes.remove(server)
      await volumes.remove(server)
      checkEqual(await volumes.find(server), null, 'it is gone')
      checkEqual(await volumes.usage(server), 0, 'it uses nothing')
    })
  })
}
