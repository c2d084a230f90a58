import { AppError } from '@hatchery/core/errors'
import type { EphemeralEvent } from '@hatchery/core/protocol'
import type { FileTree } from '@hatchery/core/runtime'
import { expect, test, vi } from 'vitest'
import { DirectoryWatches } from './directory-watches.ts'

interface Begun {
  readonly path: string
  readonly signal: AbortSignal
  readonly tell: (names: readonly string[] | null) => void
  readonly end: (error?: Error) => void
}

function createStage() {
  const begun: Begun[] = []
  const missing = new Set<string>()
  const tree = {
    async *watch(path: string, { signal }: { readonly signal: AbortSignal }) {
      if (missing.has(path)) throw new AppError('FILE_NOT_FOUND', { path })
      let next = Promise.withResolvers<readonly string[] | null | undefined>()
      begun.push({
        path,
        signal,
        tell: (names) => next.resolve(names),
        end: (error) => (error ? next.reject(error) : next.resolve(undefined)),
      })
      yield []
      for (;;) {
        const names = await next.promise
        if (names === undefined) return
        next = Promise.withResolvers()
        yield names
      }
    },
  } as unknown as FileTree
  const told: EphemeralEvent[] = []
  const errors: unknown[] = []
  const watches = new DirectoryWatches({
    panel: { emit: (event) => void told.push(event) },
    onError: (_server, error) => errors.push(error),
  })
  return { begun, missing, told, errors, watches, open: { server: 's', tree } }
}

const changed = (path: string, names: string[] | null) => ({
  name: 'files.changed',
  data: { server: 's', path, names },
})

test('tells what changes until it is unwatched', async () => {
  const { begun, told, watches, open } = createStage()
  await watches.watch(open, 'd')
  begun[0]!.tell(['a'])
  await vi.waitFor(() => expect(told).toEqual([changed('d', ['a'])]))
  watches.unwatch('s', 'd')
  expect(begun[0]!.signal.aborted).toBe(true)
  begun[0]!.tell(['b'])
  begun[0]!.end()
  await vi.waitFor(() => expect(told.length).toBe(1))
})

test('goes on with a directory that was replaced by another of its name, and stops when none is there', async () => {
  const { begun, missing, told, watches, open } = createStage()
  await watches.watch(open, 'd')
  begun[0]!.end()
  await vi.waitFor(() => expect(begun.length).toBe(2))
  begun[1]!.tell(['new'])
  await vi.waitFor(() => expect(told).toEqual([changed('d', ['new'])]))
  missing.add('d')
  begun[1]!.end()
  await vi.waitFor(() => expect(begun[1]!.signal.aborted).toBe(true))
  expect(begun.length).toBe(2)
})

test('says that anything may have changed when it fails, once', async () => {
  const { begun, errors, told, watches, open } = createStage()
  await watches.watch(open, 'd')
  begun[0]!.end(new Error('the process has ended'))
  await vi.waitFor(() => expect(told).toEqual([changed('d', null)]))
  expect(errors.length).toBe(1)
})

test('watches no more than its share, each once, and nothing after the session', async () => {
  const { begun, missing, watches, open } = createStage()
  for (let index = 0; index < 64; index++) await watches.watch(open, String(index))
  await watches.watch(open, '0')
  expect(begun[0]!.signal.aborted).toBe(true)
  await expect(watches.watch(open, 'more')).rejects.toMatchObject({ code: 'FILES_UNAVAILABLE' })
  // Another server has its own share.
  await watches.watch({ ...open, server: 't' }, 'more')
  missing.add('gone')
  await expect(watches.watch({ ...open, server: 't' }, 'gone')).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
  watches.close()
  expect(begun.every(({ signal }) => signal.aborted)).toBe(true)
})
