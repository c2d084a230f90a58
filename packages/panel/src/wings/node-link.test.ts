import { describeNodeLink } from '@hatchery/core/conformance'
import { describe, test } from 'vitest'
import { createTestNode } from '../nodes/test-node.ts'
import { DIALECTS } from '../testing/dialects.ts'
import { linkHarness } from './test-links.ts'
import { createFakeWingsStage } from './test-wings.ts'

const runner = { describe, test }

describeNodeLink(runner, 'to an agent', async () => {
  const stage = await createTestNode()
  const { id } = await stage.panel.ctx.db
    .selectFrom('nodes')
    .select('id')
    .where('uuid', '=', stage.node)
    .executeTakeFirstOrThrow()
  return linkHarness(stage.panel, {
    node: id,
    owner: stage.admin,
    unsupported: [],
    disconnect: () => stage.agent.disconnect(),
    close: async () => {
      await stage[Symbol.asyncDispose]()
    },
  })
})

for (const dialect of DIALECTS) {
  describeNodeLink(runner, `to a Wings on ${dialect}`, async () => {
    const stage = await createFakeWingsStage(dialect)
    return linkHarness(stage.panel, {
      node: stage.nodeId,
      owner: stage.admin,
      unsupported: ['node.info', 'server.acceptEula', 'operation.cancel'],
      disconnect: async () => {
        stage.wings.fault = { status: 500 }
        await stage.link().look()
      },
      close: async () => {
        await stage[Symbol.asyncDispose]()
      },
    })
  })
}
