import { flushPromises } from '@vue/test-utils'
import { afterEach, expect, test } from 'vitest'
import { useServerFeed } from '../shell/useServerFeed.ts'
import { accessibilityProblems, mountInApp, refuse } from '../testing/mount-app.ts'
import { someAccount, someServer } from '../testing/fixtures.ts'
import DashboardPage from './DashboardPage.vue'
import { defineComponent, h } from 'vue'

afterEach(() => {
  localStorage.clear()
})
const replies = (...servers: unknown[]) => ({
  'GET /account': someAccount,
  'GET /servers': { data: servers, nextCursor: null },
  'POST /servers/0a1b2c3d-0000-4000-8000-000000000001/power': { operation: 'o' },
})
/** The page as it is in the app: fed by the live channel. */
const FedDashboard = defineComponent({
  setup() {
    useServerFeed({ nodes: () => false })
    return () => h('div', h(DashboardPage))
  },
})

test('shows a server with its state, address and the power actions of that state', async () => {
  const { wrapper, sent } = await mountInApp(FedDashboard, { replies: replies(someServer()) })
  await flushPromises()
  expect(wrapper.text()).toContain('Survival')
  expect(wrapper.text()).toContain('Running')
  expect(wrapper.text()).toContain('play.hatchery.test:25565')
  await wrapper.get('[aria-label="Stop Survival"]').trigger('click')
  await flushPromises()
  expect(sent.at(-1)).toMatchObject({ method: 'POST', body: { action: 'stop' } })
})

test('a live event changes the state without a request', async () => {
  const server = someServer()
  const { wrapper, live, sent } = await mountInApp(FedDashboard, { replies: replies(server) })
  await flushPromises()
  const before = sent.filter(({ path }) => path === '/servers').length
  live.emit('servers', { server: server.id, state: 'offline', revision: server.revision })
  await flushPromises()
  expect(wrapper.text()).toContain('Offline')
  expect(sent.filter(({ path }) => path === '/servers')).toHaveLength(before)
})

test('subscribes to the readings of running servers only', async () => {
  const { live } = await mountInApp(FedDashboard, {
    replies: replies(someServer(), someServer({ id: 'ffffffff-0000-4000-8000-000000000002', state: 'offline' })),
  })
  await flushPromises()
  expect([...live.topics].filter((topic) => topic.startsWith('server-stats'))).toEqual([
    'server-stats:0a1b2c3d-0000-4000-8000-000000000001',
  ])
})

test('offers to create the first server', async () => {
  const { wrapper } = await mountInApp(FedDashboard, { replies: replies() })
  await flushPromises()
  expect(wrapper.text()).toContain('No servers yet')
  expect(wrapper.findAll('a[href="/servers/new"]').length).toBeGreaterThan(0)
})

test('says what failed, with the id to quote, and tries again', async () => {
  let isBroken = true
  const list = (): unknown => (isBroken ? refuse(500, 'INTERNAL', 'no') : { data: [someServer()], nextCursor: null })
  const { wrapper } = await mountInApp(FedDashboard, { replies: { ...replies(), 'GET /servers': list } })
  await flushPromises()
  expect(wrapper.get('[role=alert]').text()).toContain('req-1')
  isBroken = false
  await wrapper.get('[role=alert] button').trigger('click')
  await flushPromises()
  expect(wrapper.text()).toContain('Survival')
})

test('somebody who may only look gets no power buttons', async () => {
  const { wrapper } = await mountInApp(FedDashboard, {
    replies: replies(someServer({ permissions: ['websocket.connect'] })),
  })
  await flushPromises()
  expect(wrapper.findAll('[aria-label="Stop Survival"]')).toEqual([])
})

test('has no accessibility problem', async () => {
  const { wrapper } = await mountInApp(FedDashboard, { replies: replies(someServer()) })
  await flushPromises()
  expect(await accessibilityProblems(wrapper)).toEqual([])
})
