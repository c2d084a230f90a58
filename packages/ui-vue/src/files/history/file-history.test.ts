import { flushPromises } from '@vue/test-utils'
import { expect, test, vi } from 'vitest'
import { computed, defineComponent, h, provide, shallowRef } from 'vue'
import { SERVER } from '../../server/server-context.ts'
import { someServer } from '../../testing/fixtures.ts'
import { accessibilityProblems, mountInApp, type Replies } from '../../testing/mount-app.ts'
import FileHistory from './FileHistory.vue'

const base = `/servers/${someServer().id}/files`
const revision = (id: string, change: object = {}) => ({
  ...{ id, path: 'a.txt', at: 1_000, user: null, name: 'ada', via: 'page', sizeBytes: 6, sha256: 'a'.repeat(64) },
  ...change,
})

async function mountHistory(replies: Replies, { dirty = false } = {}) {
  const takeStored = vi.fn<(text: string, revision: number) => void>()
  const Page = defineComponent(() => {
    provide(
      SERVER,
      computed(() => someServer({ permissions: ['*'] })),
    )
    const file = { isDirty: shallowRef(dirty), mayWrite: shallowRef(true), revision: shallowRef(7), takeStored }
    return () => h(FileHistory, { path: 'a.txt', name: 'a.txt', current: () => 'now\n', file })
  })
  const mounted = await mountInApp(Page, { replies })
  await flushPromises()
  document.querySelector<HTMLButtonElement>('button[aria-label="History"]')?.click()
  await flushPromises()
  return { ...mounted, takeStored }
}
const dialog = () => document.querySelector('[role="dialog"]')
const button = (name: string) =>
  [...document.querySelectorAll('button')].find((one) => one.textContent?.trim() === name)

const TWO = { data: [revision('2', { sizeBytes: 9 }), revision('1', { name: null, via: 'outside' })] }

test('shows who saved a file, what would change, and takes the version that is restored', async () => {
  const { takeStored } = await mountHistory({
    [`GET ${base}/history`]: TWO,
    [`GET ${base}/history/content`]: () => new Response(new Blob(['before\n'])),
    [`POST ${base}/history/restore`]: { name: 'a.txt', type: 'file', sizeBytes: 7, revision: 9 },
  })
  await vi.waitFor(() => expect(dialog()?.querySelector('[data-kind="added"]')?.textContent).toContain('before'))
  expect(dialog()?.querySelector('[data-kind="removed"]')?.textContent).toContain('now')
  expect(dialog()?.querySelector('[data-via="outside"]')?.textContent).toContain('Nobody known')
  expect(dialog()?.querySelector('[data-via="page"]')?.textContent).toContain('+3')
  expect(await accessibilityProblems({ element: dialog() } as never)).toEqual([])
  button('Restore this version')?.click()
  await vi.waitFor(() => expect(takeStored).toHaveBeenCalledWith('before\n', 9))
})

test('restores nothing over what was not saved', async () => {
  await mountHistory(
    { [`GET ${base}/history`]: TWO, [`GET ${base}/history/content`]: () => new Response(new Blob(['before\n'])) },
    { dirty: true },
  )
  await vi.waitFor(() => expect(dialog()?.textContent).toContain('Save what you have changed first'))
  expect(button('Restore this version')?.disabled).toBe(true)
})

test('says that there is no history yet, and of which version nothing was kept', async () => {
  const { wrapper } = await mountHistory({ [`GET ${base}/history`]: { data: [] } })
  expect(dialog()?.textContent).toContain('No history yet')
  wrapper.unmount()
  await mountHistory({ [`GET ${base}/history`]: { data: [revision('1', { sha256: null })] } })
  await vi.waitFor(() => expect(dialog()?.textContent).toContain('was not kept'))
})
