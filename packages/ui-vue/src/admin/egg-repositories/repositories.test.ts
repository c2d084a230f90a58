import type { EggRepository, EggRepositoryEgg, Operation } from '@hatchery/core/sdk'
import { flushPromises } from '@vue/test-utils'
import { expect, test, vi } from 'vitest'
import { defineComponent, h } from 'vue'
import { someAccount } from '../../testing/fixtures.ts'
import { accessibilityProblems, mountInApp, refuse, type Replies } from '../../testing/mount-app.ts'
import { useServerFeed } from '../../shell/useServerFeed.ts'
import RepositoriesPage from './RepositoriesPage.vue'
import RepositoryPage from './RepositoryPage.vue'
import { bodyOf, formOf } from './repository-form.ts'

const repository: EggRepository = {
  id: 'repo-1',
  name: 'House eggs',
  url: 'https://git.test/eggs',
  branch: null,
  folder: 'games',
  hasCredentials: true,
  syncEveryMinutes: 360,
  status: 'synced',
  operation: null,
  syncedAt: 1000,
  nextSyncAt: null,
  error: null,
  commit: { id: '4e0b1f6c9a7d2c5e8f3b6a1d0c9e8f7a6b5c4d3e', at: 1000, message: 'Newer images' },
  eggCount: 3,
  unreadableCount: 0,
  installedCount: 1,
  changedCount: 1,
  createdAt: 0,
  revision: 7,
}
const entry = (id: string, state: EggRepositoryEgg['state'], egg: string | null = null): EggRepositoryEgg => ({
  id,
  path: `${id}.json`,
  name: `Egg ${id}`,
  author: '',
  description: '',
  format: 'PTDL_v2',
  variableCount: 1,
  errorCount: 0,
  warningCount: 0,
  state,
  egg,
})
const operation: Operation = {
  id: 'op-1',
  kind: 'egg-repository.sync',
  status: 'running',
  server: null,
  serverName: null,
  node: null,
  phase: 'fetching',
  progress: { current: 1, total: 4, unit: 'steps', detail: '' },
  canCancel: false,
  error: null,
  startedBy: null,
  createdAt: 0,
  finishedAt: null,
  revision: 1,
}
const page = <T>(data: readonly T[], nextCursor: string | null = null) => ({ data, nextCursor })
const base: Replies = {
  'GET /account': someAccount,
  'GET /operations': page([]),
  'GET /nests': page([{ id: 'nest-1', name: 'Games' }]),
  'GET /egg-repositories/repo-1': repository,
  'GET /egg-repositories/repo-1/eggs': page([
    entry('a', 'available'),
    entry('b', 'available'),
    entry('c', 'changed', 'egg-c'),
  ]),
}
async function openPage(replies: Replies = {}) {
  const mounted = await mountInApp(RepositoryPage, {
    props: { repository: 'repo-1' },
    replies: { ...base, ...replies },
  })
  await flushPromises()
  return mounted
}
const press = async (name: string): Promise<void> => {
  const found = [...document.querySelectorAll('button')].findLast((one) => one.textContent.trim() === name)
  if (!found) throw new Error(`There is no button ${name}: ${document.body.textContent}`)
  found.click()
  await flushPromises()
}

test('a panel without repositories suggests well-known ones, and fetches nothing by itself', async () => {
  const { wrapper, sent } = await mountInApp(RepositoriesPage, {
    path: '/admin/egg-repositories',
    replies: { 'GET /account': someAccount, 'GET /egg-repositories': page([]), 'POST /egg-repositories': repository },
  })
  await flushPromises()
  expect(await accessibilityProblems(wrapper)).toEqual([])
  await wrapper.find('section ul button').trigger('click')
  await flushPromises()
  const [url, name] = [...document.querySelectorAll<HTMLInputElement>('[role=dialog] input')]
  expect([url?.value, name?.value]).toEqual(['https://github.com/pelican-eggs/minecraft', 'Pelican: Minecraft'])
  expect(sent.every(({ method }) => method === 'GET')).toBe(true)
  document.querySelector('[role=dialog] form')?.dispatchEvent(new Event('submit'))
  await vi.waitFor(() =>
    expect(sent.find(({ method }) => method === 'POST')?.body).toEqual({
      name: 'Pelican: Minecraft',
      url: 'https://github.com/pelican-eggs/minecraft',
      branch: null,
      folder: '',
      credentials: null,
      syncEveryMinutes: 1440,
    }),
  )
})

test('credentials are kept, replaced or removed, and never filled in', () => {
  expect(formOf(repository)).toMatchObject({ access: 'keep', username: '', password: '' })
  expect(bodyOf(formOf(repository))).not.toHaveProperty('credentials')
  expect(bodyOf({ ...formOf(repository), access: 'none' })).toMatchObject({ credentials: null })
  const set = { ...formOf(repository), access: 'set' as const, username: 'x', password: 'token', folder: '/a/b/' }
  expect(bodyOf(set)).toMatchObject({ credentials: { username: 'x', password: 'token' }, folder: 'a/b', branch: null })
})

test('chosen eggs are installed into a nest', async () => {
  const { wrapper, sent } = await openPage({ 'POST /egg-repositories/repo-1/install': { operation: 'op-1' } })
  expect(wrapper.findAll('input[type=checkbox]')).toHaveLength(2)
  for (const box of wrapper.findAll('input[type=checkbox]')) await box.setValue(true)
  expect(wrapper.text()).toContain('2 eggs chosen')
  expect(await accessibilityProblems(wrapper)).toEqual([])
  await press('Install 2 eggs')
  await vi.waitFor(() => expect(wrapper.text()).not.toContain('2 eggs chosen'))
  expect(sent.find(({ method }) => method === 'POST')?.body).toEqual({ nest: 'nest-1', eggs: ['a', 'b'] })
})

test('what could not be installed is said where it was started', async () => {
  const error = {
    code: 'EGG_REPOSITORY_INSTALL_INCOMPLETE',
    message: '1 of 2 eggs could not be installed, first b.json.',
  }
  const { wrapper } = await openPage({
    'POST /egg-repositories/repo-1/install': { operation: 'op-2' },
    'GET /operations/op-2': { ...operation, id: 'op-2', kind: 'egg-repository.install', status: 'failed', error },
  })
  await wrapper.find('input[type=checkbox]').setValue(true)
  await press('Install egg')
  await vi.waitFor(() => expect(wrapper.find('[role=alert]').text()).toContain('1 of 2 eggs could not be installed'))
  await wrapper.find('[role=alert] button').trigger('click')
  expect(wrapper.find('[role=alert]').exists()).toBe(false)
})

test('"choose all" takes every page of what matches, and only what is not installed', async () => {
  let pages = 0
  const { wrapper } = await openPage({
    'GET /egg-repositories/repo-1/eggs': () =>
      ++pages === 1
        ? page([entry('a', 'available'), entry('i', 'installed', 'egg-i')], 'more')
        : page([entry('b', 'available'), entry('u', 'unreadable')]),
  })
  await press('Choose all')
  await vi.waitFor(() => expect(wrapper.text()).toContain('2 eggs chosen'))
  expect(wrapper.findAll('li[data-state]')).toHaveLength(4)
})

test('a repository that is being read shows how far it is, and its eggs when it is done', async () => {
  let isDone = false
  const busy = { ...repository, status: 'syncing', operation: 'op-1', syncedAt: null, changedCount: 0 }
  const { wrapper, live } = await mountInApp(
    defineComponent(() => {
      useServerFeed({ nodes: () => false })
      return () => h(RepositoryPage, { repository: 'repo-1' })
    }),
    {
      replies: {
        ...base,
        'GET /egg-repositories/repo-1': () => (isDone ? repository : busy),
        'GET /operations': page([operation]),
        'GET /operations/op-1': operation,
        'GET /egg-repositories/repo-1/eggs': () => page(isDone ? [entry('a', 'available')] : []),
      },
    },
  )
  await vi.waitFor(() => expect(wrapper.text()).toContain('Fetching · 25 %'))
  expect(wrapper.text()).toContain('Its eggs show here after the first sync.')
  const progress = { current: 3, total: 4, unit: 'files' as const, detail: '' }
  live.emit('operations', { operation: { ...operation, phase: 'reading', progress, revision: 2 } })
  await vi.waitFor(() => expect(wrapper.text()).toContain('Reading eggs · 75 %'))
  isDone = true
  live.emit('operations', { operation: { ...operation, status: 'succeeded', finishedAt: 1, revision: 3 } })
  await vi.waitFor(() => expect(wrapper.text()).toContain('Egg a'))
  expect(wrapper.find('[role=progressbar]').exists()).toBe(false)
})

test('a sync that the panel starts by itself shows in a page that is open', async () => {
  let isSyncing = false
  const { wrapper, live } = await mountInApp(
    defineComponent(() => {
      useServerFeed({ nodes: () => false })
      return () => h(RepositoriesPage)
    }),
    {
      path: '/admin/egg-repositories',
      replies: {
        ...base,
        'GET /egg-repositories': () => page([{ ...repository, operation: isSyncing ? 'op-1' : null }]),
        'GET /operations/op-1': operation,
      },
    },
  )
  await vi.waitFor(() => expect(wrapper.text()).toContain('Synced'))
  isSyncing = true
  live.emit('operations', { operation })
  await vi.waitFor(() => expect(wrapper.find('[role=progressbar]').exists()).toBe(true))
})

test('says why a repository could not be read, and what to do', async () => {
  const error = { code: 'GIT_AUTHENTICATION_FAILED', message: 'git.test refused the credentials.', at: 1000 }
  const { wrapper } = await openPage({ 'GET /egg-repositories/repo-1': { ...repository, status: 'failed', error } })
  expect(wrapper.text()).toContain('git.test refused the credentials.')
  expect(wrapper.text()).toContain('Change them with Edit')
  expect(await accessibilityProblems(wrapper)).toEqual([])
})

test('new versions are looked at one by one, and only ticked ones are taken', async () => {
  const preview = (hash: string, isFine: boolean) => ({
    egg: hash,
    revision: 1,
    hash,
    isSame: false,
    from: { kind: 'repository', url: null, repository: 'repo-1', path: 'c.json', fileName: null },
    name: 'Egg',
    format: 'PTDL_v2',
    changes: [
      {
        kind: 'changed',
        area: 'about',
        subject: null,
        pointer: '/name',
        before: 'a',
        after: 'b',
        message: 'A.',
        effect: isFine ? 'none' : 'reinstall',
      },
    ],
    diagnostics: [],
    serverCount: 0,
    servers: [],
    affectedCount: 0,
  })
  const { sent } = await openPage({
    'GET /egg-repositories/repo-1/eggs': page([
      entry('c', 'changed', 'egg-c'),
      entry('d', 'changed', 'egg-d'),
      entry('e', 'changed', 'egg-e'),
    ]),
    'POST /eggs/egg-c/update-check': preview('hash-c', true),
    'POST /eggs/egg-d/update-check': preview('hash-d', false),
    'POST /eggs/egg-e/update-check': () => refuse(404, 'EGG_REPOSITORY_EGG_NOT_FOUND', 'Gone.', { id: 'e' }),
    'POST /eggs/egg-c/update': { egg: {}, serverCount: 0, servers: [], affectedCount: 0 },
  })
  await press('1 new version')
  await vi.waitFor(() => expect(document.querySelectorAll('[role=dialog] [data-status=ready]')).toHaveLength(2))
  expect(document.querySelectorAll('[role=dialog] [data-status=failed]')).toHaveLength(1)
  expect(document.querySelector('[role=dialog]')?.textContent).toContain('Takes effect when reinstalled')
  const [, second] = document.querySelectorAll<HTMLInputElement>('[role=dialog] input[type=checkbox]')
  second?.click()
  await flushPromises()
  await press('Update egg')
  await vi.waitFor(() => expect(document.querySelector('[role=dialog] [data-status=updated]')).not.toBeNull())
  expect(sent.filter(({ path }) => path.endsWith('/update')).map(({ body }) => body)).toEqual([
    { repository: 'repo-1', path: 'c.json', hash: 'hash-c' },
  ])
})

test('who may only browse finds no buttons that are refused', async () => {
  const { wrapper } = await openPage({
    'GET /account': { ...someAccount, adminPermissions: ['egg-repositories.read'] },
  })
  expect(wrapper.findAll('input[type=checkbox]')).toHaveLength(0)
  expect(wrapper.text()).not.toContain('Sync now')
  expect(wrapper.text()).not.toContain('Show changes')
})
