import { flushPromises } from '@vue/test-utils'
import { expect, test, vi } from 'vitest'
import { computed, defineComponent, h, provide } from 'vue'
import { SERVER } from '../../server/server-context.ts'
import { someServer } from '../../testing/fixtures.ts'
import { accessibilityProblems, mountInApp, type Replies } from '../../testing/mount-app.ts'
import LostFilesPage from './LostFilesPage.vue'

const base = `/servers/${someServer().id}/files`
const LOST = { data: [{ path: 'config/shop.yml', revision: 'r2', at: 1_000, sizeBytes: 7 }] }

async function mountPage(replies: Replies, permissions = ['*']) {
  const Page = defineComponent(() => {
    provide(
      SERVER,
      computed(() => someServer({ permissions })),
    )
    return () => h(LostFilesPage)
  })
  const mounted = await mountInApp(Page, { replies: { [`GET ${base}/history/lost`]: LOST, ...replies } })
  await flushPromises()
  return mounted
}
const button = (name: string) =>
  [...document.querySelectorAll('button')].find((one) => one.textContent?.trim() === name)

test('lists what was deleted and brings it back', async () => {
  const restored = vi.fn<() => object>(() => ({ name: 'shop.yml', type: 'file', sizeBytes: 7, revision: 9 }))
  const { wrapper } = await mountPage({ [`POST ${base}/history/restore`]: restored })
  expect(wrapper.text()).toContain('shop.yml')
  expect(wrapper.text()).toContain('/config')
  expect(await accessibilityProblems(wrapper)).toEqual([])
  button('Restore')?.click()
  await vi.waitFor(() => expect(restored).toHaveBeenCalledOnce())
})

test('shows every version of a file before it is brought back', async () => {
  await mountPage({
    [`GET ${base}/history`]: {
      data: [
        {
          ...{ id: 'r2', path: 'config/shop.yml', at: 1_000, user: null, name: 'ada', via: 'sftp' },
          ...{ sizeBytes: 7, sha256: 'a'.repeat(64) },
        },
      ],
    },
    [`GET ${base}/history/content`]: () => new Response(new Blob(['price: 3\n'])),
  })
  button('Show versions')?.click()
  await vi.waitFor(() => expect(document.querySelector('[role="dialog"] pre')?.textContent).toContain('price: 3'))
  expect(document.querySelector('[role="dialog"]')?.textContent).toContain('saved over SFTP')
})

test('offers to those who may only read neither to restore nor to forget', async () => {
  const { wrapper } = await mountPage({}, ['file.read', 'file.read-content'])
  expect(wrapper.text()).toContain('Show versions')
  expect([button('Restore'), button('Forget history')]).toEqual([undefined, undefined])
})
