import type { Operation } from '@hatchery/core/sdk'
import { useQueryClient, type QueryClient } from '@tanstack/vue-query'
import { flushPromises } from '@vue/test-utils'
import { afterEach, expect, test, vi } from 'vitest'
import { defineComponent, h } from 'vue'
import { queryKeys } from '../api/query-keys.ts'
import TaskCentre from '../tasks/TaskCentre.vue'
import { withOperation } from '../tasks/useOperations.ts'
import { someServer } from '../testing/fixtures.ts'
import { accessibilityProblems, mountInApp } from '../testing/mount-app.ts'
import { useServerFeed } from './useServerFeed.ts'

afterEach(() => {
  vi.useRealTimers()
  localStorage.clear()
})

const some = (change: Partial<Operation> = {}): Operation => ({
  id: 'o1',
  kind: 'install',
  status: 'running',
  server: null,
  serverName: 'Survival',
  node: null,
  phase: 'pulling',
  progress: { current: 25, total: 100, unit: 'bytes', detail: '1 of 4 layers' },
  canCancel: true,
  error: null,
  startedBy: null,
  createdAt: 0,
  finishedAt: null,
  revision: 1,
  ...change,
})
const Fed = defineComponent({
  setup() {
    useServerFeed({ nodes: () => false })
    return () => h('div', h(TaskCentre))
  },
})

async function mountTasks() {
  localStorage.setItem('hatchery:tasks', 'open')
  const mounted = await mountInApp(Fed, {
    replies: { 'GET /operations': { data: [], nextCursor: null }, 'POST /operations/o1/cancel': some() },
  })
  await flushPromises()
  return mounted
}

test('shows a job with its real progress and cancels it', async () => {
  const { wrapper, live, sent } = await mountTasks()
  live.emit('operations', { operation: some() })
  // The rows of the dock are loaded when it is opened.
  await vi.waitFor(() => expect(wrapper.get('[role=progressbar]').attributes('aria-valuenow')).toBe('25'))
  expect(wrapper.text()).toContain('Pulling image · 25 %')
  await wrapper.get('li .hy-button').trigger('click')
  await flushPromises()
  expect(sent.at(-1)).toMatchObject({ method: 'POST', path: '/operations/o1/cancel' })
  expect(await accessibilityProblems(wrapper)).toEqual([])
})

test('good news leaves by itself, a failure stays until it is dismissed', async () => {
  const { wrapper, live } = await mountTasks()
  vi.useFakeTimers()
  live.emit('operations', { operation: some({ status: 'succeeded', revision: 2 }) })
  live.emit('operations', {
    operation: some({
      id: 'o2',
      status: 'failed',
      error: { code: 'INSTALL_FAILED', message: 'It failed with exit code 1.' },
    }),
  })
  await vi.advanceTimersByTimeAsync(10_000)
  expect(wrapper.findAll('li')).toHaveLength(1)
  expect(wrapper.text()).toContain('It failed with exit code 1.')
  await wrapper.get('[aria-label="Dismiss"]').trigger('click')
  await vi.advanceTimersByTimeAsync(1)
  expect(wrapper.findAll('li')).toHaveLength(0)
})

test('a state reaches every list of servers, whether it is read page by page or at once', async () => {
  let queries: QueryClient | undefined
  const row = someServer({ state: 'offline' })
  const Page = defineComponent({
    setup() {
      useServerFeed({ nodes: () => false })
      queries = useQueryClient()
      return () => h('div')
    },
  })
  const { live } = await mountInApp(Page, { replies: {} })
  queries?.setQueryData(queryKeys.serverList({ palette: 'x' }), { data: [row] })
  queries?.setQueryData(queryKeys.serverList({}), { pages: [{ data: [row] }], pageParams: [''] })
  live.emit('servers', { server: row.id, state: 'running', revision: row.revision, deleted: false })
  expect(queries?.getQueryData(queryKeys.serverList({ palette: 'x' }))).toMatchObject({ data: [{ state: 'running' }] })
  expect(queries?.getQueryData(queryKeys.serverList({}))).toMatchObject({ pages: [{ data: [{ state: 'running' }] }] })
})

test('an older report never replaces a newer one', () => {
  const newer = some({ revision: 3, phase: 'installing' })
  expect(withOperation([newer], some({ revision: 2 }))).toEqual([newer])
})
