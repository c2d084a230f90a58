import { HatcheryError } from '@hatchery/core/sdk'
import { expect, test } from 'vitest'
import { createBulkQueue } from './create-bulk-queue.ts'

test('keeps to a few calls at a time, in order', async () => {
  const run = createBulkQueue({ atOnce: 2 })
  let [active, most] = [0, 0]
  const order: number[] = []
  await Promise.all(
    Array.from({ length: 9 }, (_, index) =>
      run(async () => {
        most = Math.max(most, ++active)
        await Promise.resolve()
        order.push(index)
        active -= 1
      }),
    ),
  )
  expect(most).toBe(2)
  expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
})

test('waits as long as the panel asks for, and goes on', async () => {
  const waits: number[] = []
  const run = createBulkQueue({ wait: async (delayMs) => void waits.push(delayMs) })
  let tries = 0
  const answer = await run(async () => {
    if (++tries < 3) throw new HatcheryError({ code: 'RATE_LIMITED', message: '', status: 429, retryAfterMs: 40_000 })
    return 'done'
  })
  expect([answer, waits]).toEqual(['done', [40_000, 40_000]])
})

test('another error ends that call only', async () => {
  const run = createBulkQueue({ atOnce: 1 })
  const results = await Promise.allSettled([
    run(() => Promise.reject(new HatcheryError({ code: 'EGG_INVALID', message: 'No egg.', status: 422 }))),
    run(() => Promise.resolve('next')),
  ])
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
})
