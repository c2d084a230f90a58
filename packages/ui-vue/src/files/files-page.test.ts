import type { FileEntry, Server } from '@hatchery/core/sdk'
import { flushPromises, type VueWrapper } from '@vue/test-utils'
import { afterEach, expect, test, vi } from 'vitest'
import { computed, defineComponent, h, provide, type Component } from 'vue'
import { SERVER } from '../server/server-context.ts'
import ConfirmHost from '../shell/ConfirmHost.vue'
import ToastStack from '../shell/ToastStack.vue'
import { someServer } from '../testing/fixtures.ts'
import { accessibilityProblems, mountInApp, refuse, type Replies } from '../testing/mount-app.ts'
import FilesPage from './FilesPage.vue'
import TrashPage from './TrashPage.vue'

afterEach(() => localStorage.clear())
const base = `/servers/${someServer().id}/files`
const entry = (name: string, type: FileEntry['type'] = 'file', sizeBytes = 10): FileEntry => ({
  name,
  type,
  sizeBytes,
  diskBytes: sizeBytes,
  mode: 0o644,
  modifiedAt: 0,
  linkTarget: null,
  revision: 1,
})
const listing = (...data: readonly FileEntry[]) => ({ data, nextCursor: null, total: data.length })
const root = listing(entry('plugins', 'directory'), entry('eula.txt'), entry('server.properties'), entry('world.zip'))

async function mountPage(page: Component, replies: Replies, server: Server = someServer()) {
  const Page = defineComponent(() => {
    provide(
      SERVER,
      computed(() => server),
    )
    return () => h('div', [h(page), h(ToastStack), h(ConfirmHost)])
  })
  const mounted = await mountInApp(Page, { replies, path: `/servers/${server.shortId}/files` })
  await flushPromises()
  return { ...mounted, changes: () => mounted.sent.filter(({ method }) => method !== 'GET') }
}
const button = (name: string): HTMLButtonElement | undefined =>
  [...document.querySelectorAll('button')].find(
    (one) => (one.getAttribute('aria-label') ?? one.textContent ?? '').trim() === name,
  )
const press = async (wrapper: VueWrapper, key: string, options: object = {}): Promise<void> => {
  await wrapper.get('[role=grid]').trigger('keydown', { key, ...options })
  await flushPromises()
}
const names = (wrapper: VueWrapper): string[] =>
  wrapper.findAll('.hy-file-row a, .hy-file-row span.block.font-medium').map((one) => one.text())
const chosen = (wrapper: VueWrapper): string[] =>
  wrapper.findAll('[role=row][aria-selected=true]').map((row) => row.get('.font-medium').text())

test('lists a directory as a grid that axe has nothing against', async () => {
  const { wrapper } = await mountPage(FilesPage, { [`GET ${base}/list`]: root })
  expect(names(wrapper)).toEqual(['plugins', 'eula.txt', 'server.properties', 'world.zip'])
  expect(wrapper.get('[role=grid]').attributes('aria-rowcount')).toBe('5')
  await press(wrapper, ' ')
  expect(await accessibilityProblems(wrapper)).toEqual([])
})

test('of ten thousand entries only the rows in sight are in the page, and only their pages are read', async () => {
  const many = {
    data: Array.from({ length: 200 }, (_, index) => entry(`r.${index}.mca`)),
    nextCursor: null,
    total: 10_000,
  }
  const { wrapper, sent } = await mountPage(FilesPage, { [`GET ${base}/list`]: many })
  expect(wrapper.get('[role=grid]').attributes('aria-rowcount')).toBe('10001')
  expect(wrapper.findAll('[role=row]').length).toBeLessThan(40)
  expect(sent.filter(({ path }) => path === `${base}/list`)).toHaveLength(1)
})

test('is worked with the keyboard: arrows, Shift, Ctrl+A, Escape, and the begin of a name', async () => {
  const { wrapper } = await mountPage(FilesPage, { [`GET ${base}/list`]: root })
  await press(wrapper, 'ArrowDown')
  await press(wrapper, 'ArrowDown', { shiftKey: true })
  expect(chosen(wrapper)).toEqual(['eula.txt', 'server.properties'])
  await press(wrapper, 'a', { ctrlKey: true })
  expect(chosen(wrapper)).toHaveLength(4)
  await press(wrapper, 'Escape')
  expect(chosen(wrapper)).toEqual([])
  await press(wrapper, 'w')
  await press(wrapper, ' ')
  expect(chosen(wrapper)).toEqual(['world.zip'])
})

test('opens a directory with Enter and goes up again with Backspace', async () => {
  const { wrapper, router } = await mountPage(FilesPage, { [`GET ${base}/list`]: root })
  await press(wrapper, 'Enter')
  await vi.waitFor(() => expect(router.currentRoute.value.query).toEqual({ path: 'plugins' }))
  await flushPromises()
  await press(wrapper, 'Backspace')
  await vi.waitFor(() => expect(router.currentRoute.value.query).toEqual({}))
})

test('deletes to the trash, and takes it back with one button', async () => {
  const { wrapper, changes } = await mountPage(FilesPage, {
    [`GET ${base}/list`]: root,
    [`POST ${base}/delete`]: { done: 1, failures: [] },
    [`GET ${base}/trash`]: {
      data: [
        { id: 'new', path: 'eula.txt' },
        { id: 'old', path: 'eula.txt' },
      ],
    },
    [`POST ${base}/trash/restore`]: { done: 1, failures: [] },
  })
  await press(wrapper, 'ArrowDown')
  await press(wrapper, 'Delete')
  expect(changes()).toMatchObject([{ path: `${base}/delete`, body: { paths: ['eula.txt'] } }])
  button('Undo')?.click()
  await vi.waitFor(() => expect(changes()).toHaveLength(2))
  expect(changes()[1]?.body).toEqual({ items: [{ id: 'new' }] })
})

test('renames with F2, and says what could not be done', async () => {
  const { wrapper, changes } = await mountPage(FilesPage, {
    [`GET ${base}/list`]: root,
    [`POST ${base}/move`]: {
      done: 0,
      failures: [{ path: 'eula.txt', error: { code: 'FILE_EXISTS', message: 'There is something.' } }],
    },
  })
  await press(wrapper, 'ArrowDown')
  await press(wrapper, 'F2')
  const input = document.querySelector<HTMLInputElement>('[role=dialog] input')!
  expect(input.value).toBe('eula.txt')
  input.value = 'EULA.txt'
  input.dispatchEvent(new Event('input'))
  await flushPromises()
  document.querySelector('[role=dialog] form')?.dispatchEvent(new Event('submit'))
  await flushPromises()
  expect(changes()[0]?.body).toEqual({ moves: [{ from: 'eula.txt', to: 'EULA.txt' }] })
  expect(document.body.textContent).toContain('One entry failed: There is already something at eula.txt')
})

test('shows nobody what they may not do', async () => {
  const { wrapper } = await mountPage(
    FilesPage,
    { [`GET ${base}/list`]: root },
    someServer({ permissions: ['file.read'] }),
  )
  await press(wrapper, 'ArrowDown')
  await press(wrapper, ' ')
  await press(wrapper, 'Delete')
  expect(button('Upload')).toBeUndefined()
  expect(button('Delete')).toBeUndefined()
  expect(wrapper.findAll('.hy-file-row a').map((link) => link.text())).toEqual(['plugins'])
})

test('an empty directory says how to fill it, and a failure what happened', async () => {
  const empty = await mountPage(FilesPage, { [`GET ${base}/list`]: listing() })
  expect(empty.wrapper.text()).toContain('This folder is empty')
  const failed = await mountPage(FilesPage, {
    [`GET ${base}/list`]: () => refuse(502, 'NODE_UNREACHABLE', 'Node fra-1 did not answer.', { node: 'fra-1' }),
  })
  expect(failed.wrapper.get('[role=alert]').text()).toContain('fra-1')
})

test('uploads in pieces and asks what to do with a name that is taken', async () => {
  const { wrapper, changes } = await mountPage(FilesPage, {
    [`GET ${base}/list`]: root,
    [`POST ${base}/uploads`]: ({ body }: { body: { replace: boolean; path: string; sizeBytes: number } }) =>
      body.replace
        ? { id: 'u1', ...body, offset: 0, expiresAt: 0 }
        : refuse(409, 'FILE_EXISTS', 'There is something.', { path: body.path }),
    [`PATCH ${base}/uploads/u1`]: { id: 'u1', path: 'eula.txt', sizeBytes: 4, offset: 4, expiresAt: 0 },
    [`POST ${base}/uploads/u1/finish`]: entry('eula.txt'),
  })
  const input = wrapper.get<HTMLInputElement>('input[data-pick=files]')
  Object.defineProperty(input.element, 'files', { value: [new File(['true'], 'eula.txt')] })
  await input.trigger('change')
  await vi.waitFor(() => expect(document.body.textContent).toContain('There is already something at eula.txt.'))
  button('Replace')?.click()
  await vi.waitFor(() => expect(changes().at(-1)?.path).toBe(`${base}/uploads/u1/finish`))
  await flushPromises()
  expect(wrapper.text()).toContain('Uploads: 1 of 1 finished')
  expect(await accessibilityProblems(wrapper)).toEqual([])
})

test('the trash restores one item, and empties itself only after a question', async () => {
  const item = { id: 't1', path: 'plugins/Old.jar', type: 'file', diskBytes: 10, deletedAt: 0, expiresAt: 0 }
  const { wrapper, changes } = await mountPage(TrashPage, {
    [`GET ${base}/trash`]: { data: [item] },
    [`POST ${base}/trash/restore`]: { done: 1, failures: [] },
    [`POST ${base}/trash/delete`]: { done: 1, failures: [] },
  })
  expect(await accessibilityProblems(wrapper)).toEqual([])
  button('Restore: plugins/Old.jar')?.click()
  await vi.waitFor(() => expect(changes()).toHaveLength(1))
  expect(changes()[0]?.body).toEqual({ items: [{ id: 't1' }] })
  button('Empty trash')?.click()
  await flushPromises()
  expect(changes()).toHaveLength(1)
  ;[...document.querySelectorAll<HTMLButtonElement>('[role=dialog] [type=submit]')].at(-1)?.click()
  await vi.waitFor(() => expect(changes().at(-1)?.path).toBe(`${base}/trash/delete`))
})

test('searches below the directory by name, and leads to what was found', async () => {
  const match = {
    path: 'plugins/a.yml',
    type: 'file',
    sizeBytes: 1,
    modifiedAt: 0,
    lines: [{ line: 3, text: 'motd: hi' }],
  }
  const { changes } = await mountPage(FilesPage, {
    [`GET ${base}/list`]: root,
    [`POST ${base}/search`]: { matches: [match], isPartial: false },
  })
  button('Search files')?.click()
  await flushPromises()
  const input = document.querySelector<HTMLInputElement>('[role=dialog] input')!
  input.value = '*.yml'
  input.dispatchEvent(new Event('input'))
  await flushPromises()
  document.querySelector('[role=dialog] form')?.dispatchEvent(new Event('submit'))
  await vi.waitFor(() => expect(document.querySelector('[role=dialog] li a')?.textContent).toBe('a.yml'))
  expect(changes()[0]?.body).toEqual({ path: '', names: ['*.yml'] })
  expect(document.querySelector('[role=dialog]')?.textContent).toContain('motd: hi')
})
