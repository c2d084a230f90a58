import type { EggChange, EggUpdatePreview } from '@hatchery/core/sdk'
import { flushPromises } from '@vue/test-utils'
import { expect, test, vi } from 'vitest'
import { defineComponent, h, shallowRef } from 'vue'
import { accessibilityProblems, mountInApp, refuse, type Replies } from '../../testing/mount-app.ts'
import EggChanges from './EggChanges.vue'
import UpdateEggDialog from './UpdateEggDialog.vue'
import type { UpdateSource } from './useEggUpdate.ts'

const change = (fields: Partial<EggChange>): EggChange => ({
  kind: 'changed',
  area: 'variables',
  subject: null,
  pointer: '/variables',
  before: null,
  after: null,
  message: 'In English.',
  effect: 'none',
  ...fields,
})
const CHANGES: readonly EggChange[] = [
  change({
    area: 'images',
    subject: 'Java',
    pointer: '/images/0/value',
    before: 'java:17',
    after: 'java:21',
    effect: 'next-start',
  }),
  change({
    subject: 'SLOTS',
    pointer: '/variables/0/rules',
    before: ['integer'],
    after: ['integer', 'max:8'],
    effect: 'values-may-fail',
  }),
  change({
    kind: 'removed',
    subject: 'OLD',
    pointer: '/variables/3',
    before: { envVariable: 'OLD' },
    effect: 'values-unused',
  }),
  change({ subject: 'PW', pointer: '/variables/1/userEditable', before: true, after: false, effect: 'at-once' }),
  change({
    area: 'install',
    pointer: '/install/script',
    before: 'cd /a\nls\n',
    after: 'cd /b\nls\n',
    effect: 'reinstall',
  }),
  change({
    area: 'config-files',
    subject: 'a.yml',
    pointer: '/config/files/0/replace/2/value',
    before: 1,
    after: 2,
    message: 'port of a.yml becomes 2.',
  }),
]
const preview: EggUpdatePreview = {
  egg: 'egg-1',
  revision: 3,
  hash: 'seen',
  isSame: false,
  from: { kind: 'url', url: 'https://eggs.test/paper.json', repository: null, path: null, fileName: null },
  name: 'Paper',
  format: 'PTDL_v2',
  changes: CHANGES,
  diagnostics: [],
  serverCount: 4,
  servers: [
    {
      id: '0a1b2c3d-0000-4000-8000-000000000001',
      name: 'Survival',
      variables: [{ envVariable: 'SLOTS', failed: ['Max'], message: 'Too large.' }],
    },
  ],
  affectedCount: 1,
}
const dialog = (): HTMLElement => document.querySelector<HTMLElement>('[role=dialog]') ?? document.body
const press = async (name: string): Promise<void> => {
  const found = [...dialog().querySelectorAll('button')].find((one) => one.textContent.trim() === name)
  if (!found) throw new Error(`There is no button ${name}: ${dialog().textContent}`)
  found.click()
  await flushPromises()
}

async function openDialog(source: UpdateSource | undefined, replies: Replies) {
  const open = shallowRef(true)
  const Page = defineComponent(
    () => () =>
      h(UpdateEggDialog, {
        egg: 'egg-1',
        name: 'Paper',
        source,
        open: open.value,
        'onUpdate:open': (next: boolean) => (open.value = next),
      }),
  )
  const mounted = await mountInApp(Page, { replies })
  await flushPromises()
  return { ...mounted, open }
}

test('groups what changes by the part of the egg, and says what it means for servers', async () => {
  const { wrapper } = await mountInApp(EggChanges, { props: { changes: CHANGES } })
  expect(wrapper.findAll('h3').map((one) => one.text())).toEqual([
    'Images 1',
    'Variables 3',
    'Installation 1',
    'Config files 1',
  ])
  const rows = wrapper.findAll('li').map((row) => row.text().replace(/\s+/g, ' '))
  expect(rows[0]).toContain('Changed: Java')
  expect(rows[0]).toContain('Takes effect at next start')
  expect(rows[1]).toContain('SLOTS · Rules')
  expect(rows[3]).toContain('Before:yesAfter:no')
  expect(rows[5]).toContain('port of a.yml becomes 2.')
  expect(wrapper.find('[data-kind=removed] ins').exists()).toBe(false)
  expect(wrapper.findAll('[data-kind=added], [data-kind=removed]').map((line) => line.text())).toEqual(
    expect.arrayContaining(['-Removed: cd /a', '+Added: cd /b']),
  )
  expect(await accessibilityProblems(wrapper)).toEqual([])
})

test('shows the changes first, and applies exactly those', async () => {
  const { sent, open } = await openDialog(
    {},
    {
      'POST /eggs/egg-1/update-check': { ...preview, affectedCount: 0, servers: [] },
      'POST /eggs/egg-1/update': { egg: { id: 'egg-1' }, serverCount: 4, servers: [], affectedCount: 0 },
    },
  )
  expect(dialog().textContent).toContain('6 changes · 4 servers use this egg')
  expect(sent.map(({ path }) => path)).not.toContain('/eggs/egg-1/update')
  await press('Apply update')
  await vi.waitFor(() => expect(open.value).toBe(false))
  expect(sent.find(({ path }) => path === '/eggs/egg-1/update')?.body).toEqual({ hash: 'seen' })
})

test('names the servers with a value that no longer passes, before and after', async () => {
  await openDialog(
    {},
    {
      'POST /eggs/egg-1/update-check': preview,
      'POST /eggs/egg-1/update': { egg: { id: 'egg-1' }, serverCount: 4, servers: preview.servers, affectedCount: 1 },
    },
  )
  expect(dialog().textContent).toContain('1 server has a value that no longer passes.')
  expect(dialog().querySelector('a[href="/servers/0a1b2c3d/startup"]')?.textContent).toBe('Survival')
  await press('Apply update')
  await vi.waitFor(() => expect(dialog().textContent).not.toContain('Apply update'))
  expect(dialog().textContent).toContain('1 server has a value that no longer passes.')
})

test('a version that changed meanwhile is not applied; it can be looked at again', async () => {
  let looks = 0
  const { sent } = await openDialog(
    { repository: 'r', path: 'a.json' },
    {
      'POST /eggs/egg-1/update-check': () => ({ ...preview, hash: `look ${++looks}` }),
      'POST /eggs/egg-1/update': () => refuse(409, 'EGG_UPDATE_CHANGED', 'It changed.'),
    },
  )
  await press('Apply update')
  await vi.waitFor(() => expect(dialog().textContent).toContain('This is not the change that was shown'))
  await press('Look again')
  await vi.waitFor(() => expect(dialog().textContent).toContain('Apply update'))
  expect(sent.filter(({ path }) => path.endsWith('update-check')).map(({ body }) => body)).toEqual([
    { repository: 'r', path: 'a.json' },
    { repository: 'r', path: 'a.json' },
  ])
})

test('an egg without a source asks for a file or an address', async () => {
  const { sent } = await openDialog(undefined, {
    'POST /eggs/egg-1/update-check': { ...preview, isSame: true, changes: [], affectedCount: 0 },
  })
  expect(sent).toEqual([])
  const url = dialog().querySelector<HTMLInputElement>('input[type=url]')
  if (!url) throw new Error('There is no field for an address.')
  url.value = 'https://eggs.test/new.json'
  url.dispatchEvent(new Event('input'))
  url.form?.dispatchEvent(new Event('submit'))
  await vi.waitFor(() => expect(dialog().textContent).toContain('Up to date'))
  expect(sent.at(-1)?.body).toEqual({ url: 'https://eggs.test/new.json' })
  expect(dialog().textContent).not.toContain('Apply update')
})

test('says why nothing was found, and offers another source', async () => {
  await openDialog(
    {},
    {
      'POST /eggs/egg-1/update-check': () => refuse(409, 'EGG_NO_UPDATE_SOURCE', 'None.'),
    },
  )
  await vi.waitFor(() => expect(dialog().textContent).toContain('does not say where its updates are'))
  expect(dialog().querySelector('input[type=file]')).not.toBeNull()
})
