import type { FileEntry, Server } from '@hatchery/core/sdk'
import { flushPromises } from '@vue/test-utils'
import { afterEach, expect, test, vi } from 'vitest'
import { computed, defineComponent, h, provide } from 'vue'
import CommandPalette from '../palette/CommandPalette.vue'
import { SERVER } from '../server/server-context.ts'
import ToastStack from '../shell/ToastStack.vue'
import { someServer } from '../testing/fixtures.ts'
import { accessibilityProblems, mountInApp, type Replies } from '../testing/mount-app.ts'
import FilesView from './FilesView.vue'

afterEach(() => localStorage.clear())
const server = someServer()
const base = `/servers/${server.id}/files`
const entry = (name: string, type: FileEntry['type'] = 'file'): FileEntry => ({
  name,
  type,
  sizeBytes: 10,
  diskBytes: 10,
  mode: 0o644,
  modifiedAt: 1,
  linkTarget: null,
  revision: 1,
})
const listing = (...data: readonly FileEntry[]) => ({ data, nextCursor: null, total: data.length })
const root = listing(entry('plugins', 'directory'), entry('A-1.jar'), entry('B-1.jar'), entry('world.zip'))

async function mountFiles(replies: Replies, query = '', shown: Server = server) {
  const Page = defineComponent(() => {
    provide(
      SERVER,
      computed(() => shown),
    )
    return () => h('div', [h(FilesView), h(ToastStack)])
  })
  const path = `/servers/${shown.shortId}/files${query}`
  const mounted = await mountInApp(Page, { replies: { [`GET ${base}/list`]: root, ...replies }, path })
  await flushPromises()
  return { ...mounted, changes: () => mounted.sent.filter(({ method }) => method !== 'GET') }
}
const dialog = (): HTMLElement => document.querySelector<HTMLElement>('[role=dialog]')!
/** Dialogs are loaded when they are asked for first. */
const opened = (): Promise<unknown> =>
  vi.waitFor(() => expect(dialog()?.querySelector('form')).toBeTruthy(), { timeout: 8_000 })
const button = (name: string): HTMLButtonElement | undefined =>
  [...document.querySelectorAll('button')].find(
    (one) => (one.getAttribute('aria-label') ?? one.textContent ?? '').trim() === name,
  )
async function fill(selector: string, value: string): Promise<void> {
  const input = dialog().querySelector<HTMLInputElement>(selector)!
  input.value = value
  input.dispatchEvent(new Event('input'))
  await flushPromises()
}
async function submit(): Promise<void> {
  dialog().querySelector('form')!.dispatchEvent(new Event('submit'))
  await flushPromises()
}

test('fetches from an address, and asks nobody for what is none', async () => {
  const { changes } = await mountFiles({ [`POST ${base}/pull`]: { operation: 'o1' } }, '?path=plugins&do=pull')
  await opened()
  await fill('input[type=url]', 'files.example/a.jar')
  await submit()
  expect(changes()).toEqual([])
  await fill('input[type=url]', 'https://files.example/a%20b.jar')
  expect(dialog().querySelectorAll('input')[1]?.placeholder).toBe('a b.jar')
  expect(await accessibilityProblems({ element: dialog() })).toEqual([])
  await submit()
  expect(changes()[0]?.body).toEqual({ url: 'https://files.example/a%20b.jar', directory: 'plugins' })
})

test('renames many by rules, shows the new names first, and refuses two that meet', async () => {
  const { wrapper, changes } = await mountFiles({
    [`POST ${base}/rename`]: {
      renames: [
        { from: 'A-1.jar', to: 'A.jar', problem: null },
        { from: 'B-1.jar', to: 'B.jar', problem: null },
      ],
    },
  })
  const boxes = wrapper.findAll('.hy-files .hy-file-row input[type=checkbox]')
  await boxes[2]?.trigger('click')
  await boxes[3]?.trigger('click')
  button('Rename')?.click()
  await opened()
  await fill('input', '-1')
  expect([...dialog().querySelectorAll('li')].map((one) => one.textContent?.trim())).toEqual([
    'A-1.jarA.jar',
    'B-1.jarB.jar',
  ])
  expect(await accessibilityProblems({ element: dialog() })).toEqual([])
  await submit()
  const rule = { kind: 'replace', find: '-1', with: '', isPattern: false, isCaseSensitive: true, scope: 'name' }
  expect(changes()[0]?.body).toEqual({ directory: '', names: ['A-1.jar', 'B-1.jar'], rules: [rule] })

  button('Rename')?.click()
  await opened()
  await fill('input', 'B')
  const inputs = dialog().querySelectorAll('input')
  inputs[1]!.value = 'A'
  inputs[1]!.dispatchEvent(new Event('input'))
  await flushPromises()
  expect(dialog().textContent).toContain('Another one would get this name too')
  await submit()
  expect(changes()).toHaveLength(1)
}, 20_000)

test('counts a checksum and says whether it is the one that was meant', async () => {
  const { wrapper } = await mountFiles({
    [`GET ${base}/checksum`]: { algorithm: 'sha256', checksum: 'abc123' },
  })
  await wrapper.get('[role=grid]').trigger('keydown', { key: 'ArrowDown' })
  await wrapper.get('[role=grid]').trigger('keydown', { key: ' ' })
  await flushPromises()
  button('Checksum')?.click()
  await vi.waitFor(() => expect(dialog()?.textContent).toContain('abc123'))
  await fill('input', ' ABC123 ')
  expect(dialog().textContent).toContain('It is the same')
  await fill('input', 'abc124')
  expect(dialog().textContent).toContain('It is another one')
})

test('makes a link to where somebody says', async () => {
  const { changes } = await mountFiles({ [`POST ${base}`]: entry('latest', 'symlink') }, '?do=symlink')
  await opened()
  const [name, target] = dialog().querySelectorAll('input')
  for (const [input, value] of [
    [name, 'latest'],
    [target, 'logs/latest.log'],
  ] as const) {
    input!.value = value
    input!.dispatchEvent(new Event('input'))
  }
  await flushPromises()
  await submit()
  expect(changes()[0]?.body).toEqual({ path: 'latest', type: 'symlink', target: 'logs/latest.log' })
})

test('reads the list again when somebody else changes the directory, and not for every single file', async () => {
  vi.useFakeTimers()
  try {
    const { live, sent } = await mountFiles({}, '?path=plugins')
    const reads = (): number => sent.filter(({ path }) => path === `${base}/list`).length
    const topic = `server-files:${server.id}:cGx1Z2lucw` as const
    expect([...live.topics]).toContain(topic)
    const before = reads()
    for (let index = 0; index < 50; index += 1) live.emit(topic, { names: [`${index}`] })
    await flushPromises()
    expect(reads()).toBe(before + 1)
    await vi.advanceTimersByTimeAsync(1_100)
    await flushPromises()
    expect(reads()).toBe(before + 2)
  } finally {
    vi.useRealTimers()
  }
})

test('shows what takes the room as areas and as a table, and leads into directories', async () => {
  const { wrapper, router } = await mountFiles(
    {
      [`GET ${base}/disk-use`]: {
        diskBytes: 3_000,
        entries: 4,
        isPartial: true,
        children: [
          { name: 'world', type: 'directory', diskBytes: 2_000, entries: 3 },
          { name: 'eula.txt', type: 'file', diskBytes: 1_000, entries: 1 },
        ],
      },
    },
    '?view=usage',
  )
  await vi.waitFor(() => expect(wrapper.findAll('.hy-tile')).toHaveLength(2))
  expect(wrapper.findAll('tbody tr').map((one) => one.find('th').text())).toEqual(['world', 'eula.txt'])
  expect(wrapper.text()).toContain('There is more than can be counted at once')
  expect(await accessibilityProblems(wrapper)).toEqual([])
  await wrapper.get('.hy-tile').trigger('click')
  await vi.waitFor(() => expect(router.currentRoute.value.query).toEqual({ path: 'world', view: 'usage' }))
})

test('looks into an archive as into folders, and unpacks what is chosen', async () => {
  const member = (name: string, type: string) => ({
    name,
    type,
    sizeBytes: 5,
    packedBytes: 3,
    mode: 0o644,
    modifiedAt: null,
    linkTarget: null,
    isEncrypted: false,
  })
  const { wrapper, changes } = await mountFiles(
    {
      [`GET ${base}/archive/list`]: listing(
        member('region', 'directory') as never,
        member('level.dat', 'file') as never,
      ),
      [`POST ${base}/unpack`]: { operation: 'o1' },
    },
    '?view=browse&path=world.zip&inside=world',
  )
  await vi.waitFor(() => expect(wrapper.findAll('.hy-file-row a')).toHaveLength(2))
  const links = wrapper.findAll('.hy-file-row a').map((one) => decodeURIComponent(one.attributes('href') ?? ''))
  expect(links[0]).toContain('view=browse&inside=world/region')
  expect(links[1]).toContain('files/edit?path=world.zip&member=world/level.dat')
  await wrapper.findAll('.hy-file-row input[type=checkbox]')[2]?.trigger('click')
  expect(await accessibilityProblems(wrapper)).toEqual([])
  button('Unpack 1 entry')?.click()
  await vi.waitFor(() => expect(dialog()).toBeTruthy())
  await flushPromises()
  button('Unpack here')?.click()
  await flushPromises()
  expect(changes()[0]?.body).toEqual({ path: 'world.zip', to: '', members: ['world/level.dat'] })
})

test('a selection is downloaded by a link that was made for it', async () => {
  const clicks: string[] = []
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function click(this: HTMLAnchorElement) {
    clicks.push(this.getAttribute('href') ?? '')
  })
  const { wrapper, changes } = await mountFiles({
    [`POST ${base}/downloads`]: { id: 'd', url: '/api/v1/d/1', expiresAt: 0 },
  })
  await wrapper.get('[role=grid]').trigger('keydown', { key: 'a', ctrlKey: true })
  await flushPromises()
  button('Download')?.click()
  await vi.waitFor(() => expect(clicks).toEqual(['/api/v1/d/1']))
  expect(changes()[0]?.body).toEqual({ directory: '', names: ['plugins', 'A-1.jar', 'B-1.jar', 'world.zip'] })
  vi.restoreAllMocks()
})

test('the palette finds files of the server whose pages are open, and makes new ones where one is', async () => {
  const { sent, router } = await mountInApp(CommandPalette, {
    props: { open: true },
    path: `/servers/${server.shortId}/files?path=plugins`,
    replies: {
      'GET /servers': { data: [], nextCursor: null },
      'GET /account': {},
      [`GET /servers/${server.shortId}`]: server,
      [`POST ${base}/search`]: {
        matches: [{ path: 'plugins/motd.yml', type: 'file', sizeBytes: 1, modifiedAt: 0, lines: [] }],
        isPartial: false,
      },
    },
  })
  await flushPromises()
  const options = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>('[role=option]')]
  await vi.waitFor(() => expect(options().some((one) => one.textContent?.includes('Survival: new file'))).toBe(true))
  const input = dialog().querySelector('input')!
  input.value = 'motd'
  input.dispatchEvent(new Event('input'))
  await vi.waitFor(() => expect(options()[0]?.textContent).toContain('motd.yml'))
  expect(sent.find(({ path }) => path === `${base}/search`)?.body).toMatchObject({ names: ['motd'] })
  options()[0]?.click()
  await vi.waitFor(() => expect(router.currentRoute.value.query).toEqual({ path: 'plugins/motd.yml' }))
})
