import type { DurableEvent } from './methods.ts'
import type { Outbox } from './session.ts'

/** The little of a test runner that the suite needs; vitest, jest and `node:test` with an `expect` fit. */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => void
  readonly test: (name: string, body: () => Promise<void> | void) => void
  readonly expect: (value: unknown) => {
    toBe(expected: unknown): void
    toEqual(expected: unknown): void
    readonly not: { toBe(expected: unknown): void }
  }
}

export interface OutboxUnderTest {
  readonly outbox: Outbox
  /** Opens the same outbox again as after a crash; undefined for one that keeps nothing. */
  readonly reopen?: () => Promise<Outbox> | Outbox
  readonly dispose?: () => Promise<void> | void
}

const event = (count: number): DurableEvent => ({ name: 'lost', data: { count, at: count } })

/**
 * What every outbox has to hold, so that the session over it loses nothing.
 * @example describeOutbox('sqlite', async () => ({ outbox: await openOutbox(path) }), { describe, test, expect })
 */
export function describeOutbox(
  name: string,
  create: () => Promise<OutboxUnderTest> | OutboxUnderTest,
  { describe, test, expect }: TestRunner,
): void {
  const withOutbox = (body: (under: OutboxUnderTest) => Promise<void> | void) => async () => {
    const under = await create()
    try {
      await body(under)
    } finally {
      await under.dispose?.()
    }
  }
  const seqs = (outbox: Outbox, after: number, limit = 1000) => outbox.read(after, limit).map(({ seq }) => seq)

  describe(`outbox: ${name}`, () => {
    test(
      'begins empty, under an identity of its own',
      withOutbox(async ({ outbox }) => {
        const other = await create()
        expect(outbox.lastSeq).toBe(0)
        expect(outbox.acknowledgedSeq).toBe(0)
        expect(outbox.read(0, 10)).toEqual([])
        expect(outbox.incarnation.length > 0).toBe(true)
        expect(outbox.incarnation).not.toBe(other.outbox.incarnation)
        await other.dispose?.()
      }),
    )

    test(
      'numbers events from 1 without gaps and gives them back as they were',
      withOutbox(({ outbox }) => {
        expect([outbox.append(event(7), 70), outbox.append(event(8), 80)]).toEqual([1, 2])
        expect(outbox.lastSeq).toBe(2)
        expect(outbox.read(0, 10)).toEqual([
          { incarnation: outbox.incarnation, seq: 1, at: 70, event: event(7) },
          { incarnation: outbox.incarnation, seq: 2, at: 80, event: event(8) },
        ])
      }),
    )

    test(
      'reads after a number, oldest first, no more than asked for',
      withOutbox(({ outbox }) => {
        for (let count = 1; count <= 10; count++) outbox.append(event(count), 0)
        expect(seqs(outbox, 4, 3)).toEqual([5, 6, 7])
        expect(seqs(outbox, 10)).toEqual([])
      }),
    )

    test(
      'forgets what was acknowledged and nothing else',
      withOutbox(({ outbox }) => {
        for (let count = 1; count <= 5; count++) outbox.append(event(count), 0)
        outbox.acknowledge(3)
        expect(outbox.acknowledgedSeq).toBe(3)
        expect(seqs(outbox, 0)).toEqual([4, 5])
        outbox.acknowledge(2)
        expect(outbox.acknowledgedSeq).toBe(3)
        expect(outbox.append(event(6), 0)).toBe(6)
        expect(seqs(outbox, 3)).toEqual([4, 5, 6])
      }),
    )

    test(
      'never gives out a number twice, even when everything was acknowledged',
      withOutbox(({ outbox }) => {
        outbox.append(event(1), 0)
        outbox.acknowledge(1)
        expect(outbox.lastSeq).toBe(1)
        expect(outbox.append(event(2), 0)).toBe(2)
      }),
    )

    test(
      'keeps events with names that it does not know',
      withOutbox(({ outbox }) => {
        const unknown = { name: 'acme.quota', data: { nested: [1, null, 'é'] } } as unknown as DurableEvent
        outbox.append(unknown, 1)
        expect(outbox.read(0, 1)[0]?.event).toEqual(unknown)
      }),
    )

    test(
      'begins again at 1 under a new incarnation when it is renewed',
      withOutbox(({ outbox }) => {
        outbox.append(event(1), 0)
        const before = outbox.incarnation
        expect(typeof outbox.renew).toBe('function')
        outbox.renew?.()
        expect(outbox.incarnation).not.toBe(before)
        expect([outbox.lastSeq, outbox.acknowledgedSeq]).toEqual([0, 0])
        expect(outbox.read(0, 10)).toEqual([])
        expect(outbox.append(event(2), 0)).toBe(1)
        expect(outbox.read(0, 10)[0]?.incarnation).toBe(outbox.incarnation)
      }),
    )

    test(
      'is the same after a crash',
      withOutbox(async ({ outbox, reopen }) => {
        if (!reopen) return
        for (let count = 1; count <= 5; count++) outbox.append(event(count), count)
        outbox.acknowledge(2)
        const { incarnation } = outbox
        const again = await reopen()
        expect([again.incarnation, again.lastSeq, again.acknowledgedSeq]).toEqual([incarnation, 5, 2])
        expect(seqs(again, 2)).toEqual([3, 4, 5])
        again.acknowledge(5)
        const third = await reopen()
        expect([third.lastSeq, third.append(event(6), 0)]).toEqual([5, 6])
      }),
    )
  })
}
