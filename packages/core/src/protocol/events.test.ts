import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { acceptAgent } from './accept-agent.ts'
import { connectToPanel } from './connect-to-panel.ts'
import { EVENT_WINDOW } from './event-sender.ts'
import { memoryOutbox } from './memory-outbox.ts'
import type { DurableEvent } from './methods.ts'
import type { PanelSessionHandlers, SequencedEvent } from './session.ts'
import { socketPair } from './socket-pair.ts'
import { NODE, acceptOptions, connectOptions, openLink, panelHello, settle } from './test-link.ts'

const lost = (count: number): DurableEvent => ({ name: 'lost', data: { count, at: 0 } })
const storing = (onEvents: PanelSessionHandlers['onEvents']) => ({
  handlers: () => ({ onEvents, onEphemeral: () => {} }),
})

/** A panel's memory of one incarnation: stores an event once and knows how far it has come. */
function eventStore() {
  const events: SequencedEvent[] = []
  return {
    events,
    get storedSeq() {
      return events.at(-1)?.seq ?? 0
    },
    store(batch: readonly SequencedEvent[]) {
      for (const event of batch) if (event.seq > this.storedSeq) events.push(event)
    },
  }
}

test('whatever frames the connections are cut at, no event is lost and each is stored once, in order', async () => {
  const scenario = fc.record({
    events: fc.integer({ min: 1, max: 400 }),
    /** A connection dies with this message; `storeFails` counts the batches that are stored before one fails. */
    cuts: fc.array(fc.record({ at: fc.integer({ min: 0, max: 40 }), storeFails: fc.option(fc.nat(4)) }), {
      maxLength: 8,
    }),
  })
  await fc.assert(
    fc.asyncProperty(scenario, async ({ events, cuts }) => {
      const outbox = memoryOutbox()
      const store = eventStore()
      let appended = 0
      const append = (count: number) => {
        for (const end = Math.min(events, appended + count); appended < end;) outbox.append(lost(++appended), 0)
      }
      const connect = async (cut: (typeof cuts)[number] | undefined) => {
        let sent = 0
        let batches = 0
        const pair = socketPair({ fault: () => (sent++ === cut?.at ? 'close' : undefined) })
        const done = Promise.withResolvers<void>()
        const [panel, agent] = await Promise.allSettled([
          acceptAgent(
            pair.a,
            NODE,
            acceptOptions({
              onHello: async () => panelHello({ storedSeq: store.storedSeq }),
              onFault: () => {},
              ...storing(async (batch) => {
                if (batches % 2 === 1) await settle()
                if (cut && batches++ === cut.storeFails) throw new Error('the database is away')
                store.store(batch)
                if (store.events.length === events) done.resolve()
              }),
            }),
          ),
          connectToPanel(pair.b, connectOptions({ outbox })),
        ])
        if (panel.status === 'rejected' || agent.status === 'rejected') return pair.cut()
        append(37)
        agent.value.flushOutbox()
        if (cut) await Promise.race([panel.value.closed, settle()])
        else {
          append(events)
          agent.value.flushOutbox()
          if (store.events.length < events) await done.promise
          while (outbox.acknowledgedSeq < events) await settle()
        }
        pair.cut()
        await Promise.all([panel.value.closed, agent.value.closed])
      }
      for (const cut of cuts) await connect(cut)
      await connect(undefined)

      expect(store.events.map((event) => event.seq)).toEqual(Array.from({ length: events }, (_, index) => index + 1))
      expect(store.events.map((event) => event.event)).toEqual(Array.from({ length: events }, (_, n) => lost(n + 1)))
      expect(outbox.read(0, 10)).toEqual([])
    }),
    { numRuns: 100 },
  )
})

test('an event is acknowledged only when it was stored', async () => {
  const outbox = memoryOutbox()
  outbox.append(lost(1), 0)
  const { promise: stored, resolve: finishStoring } = Promise.withResolvers<void>()
  await using _link = await openLink({ connect: { outbox }, accept: storing(() => stored) })
  await settle()
  expect(outbox.acknowledgedSeq).toBe(0)

  finishStoring()
  await settle()
  expect(outbox.acknowledgedSeq).toBe(1)
})

test('a panel that cannot store ends the session and acknowledges nothing', async () => {
  const outbox = memoryOutbox()
  outbox.append(lost(1), 0)
  const failure = new Error('disk full')
  const onFault = vi.fn<(error: unknown, where: string) => void>()
  await using link = await openLink({
    connect: { outbox },
    accept: { onFault, ...storing(() => Promise.reject(failure)) },
  })

  expect(await link.agent.closed).toBe('the events could not be stored')
  expect(outbox.acknowledgedSeq).toBe(0)
  expect(onFault).toHaveBeenCalledExactlyOnceWith(failure, 'onEvents')
})

test('an event whose name the panel does not know is delivered as it is and acknowledged', async () => {
  const outbox = memoryOutbox()
  outbox.append({ name: 'server.teleported', data: { to: 'mars' } } as unknown as DurableEvent, 5)
  const events: SequencedEvent[] = []
  await using _link = await openLink({
    connect: { outbox },
    accept: storing(async (batch) => void events.push(...batch)),
  })
  await settle()

  expect(events).toEqual([
    { incarnation: outbox.incarnation, seq: 1, at: 5, event: { name: 'server.teleported', data: { to: 'mars' } } },
  ])
  expect(outbox.acknowledgedSeq).toBe(1)
})

test('no more events are on their way than the window allows', async () => {
  const outbox = memoryOutbox()
  for (let count = 1; count <= EVENT_WINDOW * 3; count++) outbox.append(lost(count), 0)
  const { promise: stored, resolve: finishStoring } = Promise.withResolvers<void>()
  const read = vi.spyOn(outbox, 'read')
  await using _link = await openLink({ connect: { outbox }, accept: storing(() => stored) })
  await settle()
  expect(Math.max(...read.mock.results.flatMap(({ value }) => (value as SequencedEvent[]).map(({ seq }) => seq)))).toBe(
    EVENT_WINDOW,
  )

  finishStoring()
  await vi.waitFor(() => expect(outbox.acknowledgedSeq).toBe(EVENT_WINDOW * 3), { interval: 1 })
})

test('an event too large for any message is replaced by a counted loss, so that it blocks nothing', async () => {
  const outbox = memoryOutbox()
  const onFault = vi.fn<(error: unknown, where: string) => void>()
  outbox.append({ name: 'huge', data: 'x'.repeat(5_000_000) } as unknown as DurableEvent, 9)
  outbox.append(lost(2), 10)
  const events: SequencedEvent[] = []
  await using _link = await openLink({
    connect: { outbox, onFault },
    accept: storing(async (batch) => void events.push(...batch)),
  })
  await settle()

  expect(events.map(({ seq, event }) => [seq, event])).toEqual([
    [1, { name: 'lost', data: { count: 1, at: 9 } }],
    [2, lost(2)],
  ])
  expect(onFault).toHaveBeenCalledOnce()
})

test('a panel restored from an old dump gets what is left, and the outbox is not searched for the rest again', async () => {
  const outbox = memoryOutbox()
  for (let count = 1; count <= 9; count++) outbox.append(lost(count), 0)
  outbox.acknowledge(9)
  const read = vi.spyOn(outbox, 'read')
  const seqs: number[] = []
  await using link = await openLink({
    connect: { outbox },
    accept: {
      onHello: async () => panelHello({ storedSeq: 4 }),
      ...storing(async (batch) => void seqs.push(...batch.map((event) => event.seq))),
    },
  })
  for (let turn = 0; turn < 5; turn++) {
    link.agent.flushOutbox()
    await settle()
  }
  expect(read).toHaveBeenCalledOnce()
  outbox.append(lost(10), 0)
  link.agent.flushOutbox()
  await settle()

  expect(seqs).toEqual([10])
})

test('gaps in the numbers are fine: states coalesce in the outbox', async () => {
  const outbox = memoryOutbox()
  for (let count = 1; count <= 9; count++) outbox.append(lost(count), 0)
  const read = outbox.read.bind(outbox)
  outbox.read = (after, limit) => read(after, limit).filter((event) => event.seq % 3 === 0)
  const seqs: number[] = []
  await using _link = await openLink({
    connect: { outbox },
    accept: storing(async (batch) => void seqs.push(...batch.map((event) => event.seq))),
  })
  await settle()

  expect(seqs).toEqual([3, 6, 9])
  expect(outbox.acknowledgedSeq).toBe(9)
})
