import { describeNodeLink } from '@hatchery/core/conformance'
import { describe, test } from 'vitest'
import { createRealWingsStage, findWingsProgram, WINGS_MODULE } from './real-wings.ts'
import { linkHarness } from './test-links.ts'

const program = findWingsProgram(process.env)
if ('missing' in program) {
  // Where the module proxy does not hand out the program, no install step can bring it; the run says so and goes on.
  console.log(`not to be had here: Wings (${program.missing})`)
}

const runner = {
  describe: (name: string, body: () => void) =>
    describe.skipIf('missing' in program)(name, () => {
      body()
    }),
  test: (name: string, body: () => Promise<void>) => test(name, body, 300_000),
}

describeNodeLink(runner, `to an unmodified Wings (${WINGS_MODULE})`, async () => {
  if ('missing' in program) throw new Error(program.missing)
  const stage = await createRealWingsStage(program.path)
  return linkHarness(stage.panel, {
    node: stage.nodeId,
    owner: stage.admin,
    values: stage.values,
    unsupported: ['node.info', 'server.acceptEula', 'operation.cancel'],
    disconnect: async () => {
      await stage.stop()
      await stage.link().look()
    },
    close: async () => {
      await stage[Symbol.asyncDispose]()
    },
  })
})
