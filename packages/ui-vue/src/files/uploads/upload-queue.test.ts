import { createClient } from '@hatchery/core/sdk'
import { expect, test, vi } from 'vitest'
import { refuse } from '../../testing/mount-app.ts'
import { createUploadQueue } from './create-upload-queue.ts'
import { pickedFiles } from './dropped-files.ts'

/** A node that keeps what arrives, and may be told to break a connection or to hold an answer back. */
function createNode() {
  const state = {
    path: '',
    bytes: '',
    begun: 0,
    cancelled: 0,
    breaksAt: -1,
    gate: undefined as Promise<void> | undefined,
  }
  const upload = () => ({ id: 'u', path: state.path, sizeBytes: 0, offset: state.bytes.length, expiresAt: 0 })
  const client = createClient({
    url: '',
    retry: { attempts: 1 },
    async fetch(url, init) {
      const { pathname, searchParams } = new URL(url, 'http://panel.test')
      const json = (value: unknown): Response => new Response(JSON.stringify(value))
      init.signal?.throwIfAborted()
      if (pathname.endsWith('/uploads')) {
        const { path, replace } = JSON.parse(init.body as string) as { path: string; replace: boolean }
        if (path === 'taken.txt' && !replace) return refuse(409, 'FILE_EXISTS', 'Taken.', { path })
        Object.assign(state, { path, bytes: '', begun: state.begun + 1 })
        return json(upload())
      }
      if (init.method === 'DELETE') state.cancelled += 1
      if (init.method === 'PATCH') {
        if (state.bytes.length === state.breaksAt) {
          state.breaksAt = -1
          throw new TypeError('fetch failed')
        }
        await state.gate
        init.signal?.throwIfAborted()
        expect(Number(searchParams.get('offset'))).toBe(state.bytes.length)
        state.bytes += await (init.body as Blob).text()
      }
      return json(upload())
    },
  })
  return { state, client }
}
const text = (value: string) => new Blob([value])

test('a file goes in pieces, and the list is told when it is there', async () => {
  const { state, client } = createNode()
  const onDone = vi.fn<() => void>()
  const queue = createUploadQueue(client, { pieceBytes: 3, onDone })
  queue.add('s', [{ path: 'a.txt', file: text('hatchery') }])
  await vi.waitFor(() => expect(onDone).toHaveBeenCalledOnce())
  expect(state.bytes).toBe('hatchery')
  expect(queue.items.value).toMatchObject([{ status: 'done', offset: 8 }])
  queue.clearDone()
  expect(queue.items.value).toEqual([])
})

test('what broke off goes on where the node has it', async () => {
  const { state, client } = createNode()
  const queue = createUploadQueue(client, { pieceBytes: 3 })
  state.breaksAt = 3
  queue.add('s', [{ path: 'a.txt', file: text('hatchery') }])
  await vi.waitFor(() => expect(queue.items.value[0]?.status).toBe('failed'))
  queue.resume(queue.items.value[0]!.id)
  await vi.waitFor(() => expect(queue.items.value[0]?.status).toBe('done'))
  expect(state).toMatchObject({ bytes: 'hatchery', begun: 1 })
})

test('a pause holds and a resume goes on; taking it off the list throws it away', async () => {
  const { state, client } = createNode()
  const queue = createUploadQueue(client, { pieceBytes: 3 })
  let open: () => void = () => undefined
  state.gate = new Promise((resolve) => (open = resolve))
  queue.add('s', [{ path: 'a.txt', file: text('hatchery') }])
  const [item] = queue.items.value
  await vi.waitFor(() => expect(state.begun).toBe(1))
  queue.pause(item!.id)
  open()
  await vi.waitFor(() => expect(item?.status).toBe('paused'))
  queue.resume(item!.id)
  await vi.waitFor(() => expect(item?.status).toBe('done'))
  expect(state).toMatchObject({ bytes: 'hatchery', begun: 1 })

  state.breaksAt = 0
  queue.add('s', [{ path: 'b.txt', file: text('x') }])
  await vi.waitFor(() => expect(queue.items.value[1]?.status).toBe('failed'))
  queue.remove(queue.items.value[1]!.id)
  await vi.waitFor(() => expect(state.cancelled).toBe(1))
  expect(queue.items.value).toHaveLength(1)
})

test.each([
  ['replace', 'taken.txt'],
  ['keep-both', 'taken (1).txt'],
] as const)('a taken name: %s', async (answer, path) => {
  const { state, client } = createNode()
  const queue = createUploadQueue(client)
  queue.add('s', [{ path: 'taken.txt', file: text('new') }])
  await vi.waitFor(() => expect(queue.items.value[0]?.status).toBe('conflict'))
  queue.resolve([queue.items.value[0]!.id], answer)
  await vi.waitFor(() => expect(queue.items.value[0]?.status).toBe('done'))
  expect(state).toMatchObject({ path, bytes: 'new' })
})

test('a taken name that is skipped leaves the list', async () => {
  const { client } = createNode()
  const queue = createUploadQueue(client)
  queue.add('s', [{ path: 'taken.txt', file: text('new') }])
  await vi.waitFor(() => expect(queue.items.value[0]?.status).toBe('conflict'))
  queue.resolve([queue.items.value[0]!.id], 'skip')
  expect(queue.items.value).toEqual([])
})

test('files of a picked folder keep their place in it', () => {
  const file = new File([], 'a.txt')
  Object.defineProperty(file, 'webkitRelativePath', { value: 'world/region/a.txt' })
  expect(pickedFiles([file, new File([], 'b.txt')]).map(({ path }) => path)).toEqual(['world/region/a.txt', 'b.txt'])
})
