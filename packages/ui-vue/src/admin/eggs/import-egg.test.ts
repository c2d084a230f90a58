import { flushPromises } from '@vue/test-utils'
import { expect, test, vi } from 'vitest'
import { defineComponent, h, shallowRef } from 'vue'
import { mountInApp } from '../../testing/mount-app.ts'
import ImportEggDialog from './ImportEggDialog.vue'

const good = {
  ok: true,
  name: 'Paper',
  format: 'PTDL_v2',
  variableCount: 2,
  images: ['a'],
  diagnostics: [],
  existing: null,
}
const bad = {
  ...good,
  ok: false,
  diagnostics: [{ code: 'EGG_JSON', severity: 'error', pointer: '/meta', message: 'This is not an egg.' }],
}
const submit = (): HTMLButtonElement | null => document.querySelector('[role=dialog] [type=submit]')

async function paste(check: unknown, nests: readonly object[] = []) {
  const open = shallowRef(false)
  const Page = defineComponent(
    () => () =>
      h(ImportEggDialog, {
        nests: nests as never,
        open: open.value,
        'onUpdate:open': (next: boolean) => (open.value = next),
      }),
  )
  const mounted = await mountInApp(Page, {
    replies: { 'POST /eggs/check': check, 'POST /nests': { id: 'new-nest' }, 'POST /eggs': { id: 'egg-1' } },
  })
  open.value = true
  await flushPromises()
  const area = document.querySelector('textarea')
  if (!area) throw new Error('There is no place to paste into.')
  area.value = '{"meta": {}}'
  area.dispatchEvent(new Event('input'))
  await flushPromises()
  return mounted
}

test('says what is in the file before anything is changed', async () => {
  const { sent } = await paste(good)
  expect(document.body.textContent).toContain('PTDL_v2 · 2 variables · 1 image')
  expect(sent.map(({ path }) => path)).toEqual(['/eggs/check'])
  expect(submit()?.disabled).toBe(false)
})

test('a file that is no egg cannot be imported, and it says why', async () => {
  await paste(bad)
  expect(document.body.textContent).toContain('This is not an egg.')
  expect(submit()?.disabled).toBe(true)
})

test('the first egg of a panel makes its nest by itself, and its page is shown', async () => {
  const { sent, router } = await paste(good)
  document.querySelector('[role=dialog] form')?.dispatchEvent(new Event('submit'))
  await vi.waitFor(() => expect(router.currentRoute.value.name).toBe('admin-egg'))
  expect(sent.at(-1)).toMatchObject({ path: '/eggs', body: { nest: 'new-nest', text: '{"meta": {}}' } })
})
