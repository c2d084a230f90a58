import type { Operation, Server } from '@hatchery/core/sdk'
import { flushPromises } from '@vue/test-utils'
import { afterEach, expect, test, vi } from 'vitest'
import { computed, defineComponent, h, provide, shallowRef } from 'vue'
import ConfirmHost from '../shell/ConfirmHost.vue'
import { accessibilityProblems, mountInApp } from '../testing/mount-app.ts'
import { someServer } from '../testing/fixtures.ts'
import FeaturePrompts from './console/FeaturePrompts.vue'
import InstallPanel from './console/InstallPanel.vue'
import { installSteps } from './console/install-steps.ts'
import AccessDialog from './people/AccessDialog.vue'
import { powerActions } from './permissions.ts'
import PowerButtons from './PowerButtons.vue'
import { SERVER } from './server-context.ts'
import ServerNotices from './ServerNotices.vue'
import { toPoints } from './stats/useStatsWindow.ts'

afterEach(() => {
  localStorage.clear()
})
const power = `POST /servers/${someServer().id}/power`
const button = (name: string): HTMLButtonElement | undefined =>
  [...document.querySelectorAll('button')].find((one) => one.textContent?.trim() === name)

test.each([
  ['offline', ['start']],
  ['running', ['restart', 'stop']],
  ['starting', ['restart', 'stop']],
  ['stopping', ['kill']],
  ['installing', []],
  ['some-later-state', []],
] as const)('a server that is %s offers %j', (state, actions) => {
  expect(powerActions({ state: state as Server['state'], holds: [], permissions: ['*'] })).toEqual(actions)
})

test('a suspended server cannot be started, and nobody gets an action they may not take', () => {
  expect(powerActions({ state: 'offline', holds: ['billing'], permissions: ['*'] })).toEqual([])
  expect(powerActions({ state: 'running', holds: [], permissions: ['control.restart'] })).toEqual(['restart'])
})

test('Stop becomes Kill while the server stops, and Kill asks first', async () => {
  const Page = defineComponent(
    () => () => h('div', [h(PowerButtons, { server: someServer({ state: 'stopping' }) }), h(ConfirmHost)]),
  )
  const { wrapper, sent } = await mountInApp(Page, { replies: { [power]: { operation: 'o' } } })
  expect(wrapper.text()).not.toContain('Stop')
  button('Kill')?.click()
  await flushPromises()
  expect(sent).toEqual([])
  expect(document.body.textContent).toContain('Kill Survival?')
  button('Kill server')?.click()
  await flushPromises()
  expect(sent).toMatchObject([{ method: 'POST', body: { action: 'kill' } }])
  expect(await accessibilityProblems(wrapper)).toEqual([])
})

test('the EULA is accepted with one button', async () => {
  const server = someServer({ pendingFeatures: [{ feature: 'eula', line: 'You need to agree', at: 0, images: [] }] })
  const { wrapper, sent } = await mountInApp(FeaturePrompts, {
    props: { server },
    replies: { [`POST /servers/${server.id}/features/eula`]: { operation: 'o' } },
  })
  await wrapper.get('button').trigger('click')
  await flushPromises()
  expect(sent).toHaveLength(1)
})

test('another Java version is taken with one button, by the image that may help', async () => {
  const images = [
    { label: 'Java 21', value: 'java:21' },
    { label: 'Java 25', value: 'java:25' },
  ]
  const server = someServer({
    pendingFeatures: [{ feature: 'java_version', line: 'class file version 69', at: 0, images }],
  })
  const { wrapper, sent } = await mountInApp(FeaturePrompts, {
    props: { server },
    replies: { [`POST /servers/${server.id}/features/java_version`]: { operation: 'o' } },
  })
  expect(wrapper.get('button').text()).toBe('Switch to Java 25 and restart')
  await wrapper.get('button').trigger('click')
  await flushPromises()
  expect(sent[0]?.body).toEqual({ image: 'java:25' })
})

test('says on every page that a server is not isolated, suspended or out of reach', async () => {
  const server = someServer({
    holds: ['billing'],
    node: { id: 'n', name: 'workbench', online: false, isolated: false },
  })
  const { wrapper } = await mountInApp(ServerNotices, { props: { server } })
  expect(wrapper.text()).toContain('not isolated')
  expect(wrapper.text()).toContain('Reason: billing')
  expect(wrapper.text()).toContain('Node workbench is not connected')
})

test('shows the phase and the share of an installation', async () => {
  const server = someServer({ state: 'installing' })
  const operation: Partial<Operation> = {
    id: 'o',
    kind: 'install',
    status: 'running',
    server: server.id,
    phase: 'pulling',
    progress: { current: 50, total: 200, unit: 'bytes', detail: '' },
    revision: 1,
  }
  const { wrapper } = await mountInApp(InstallPanel, {
    props: { server },
    replies: { 'GET /operations': { data: [operation], nextCursor: null } },
  })
  await flushPromises()
  expect(wrapper.get('[role=progressbar]').attributes('aria-valuenow')).toBe('25')
  expect(wrapper.findAll('li').map((step) => step.attributes('data-state'))).toEqual([
    'done',
    'running',
    'waiting',
    'waiting',
  ])
})

test('a failed installation names the step that failed', () => {
  expect(installSteps('installing', true).map(({ state }) => state)).toEqual(['done', 'done', 'failed', 'waiting'])
})

test('gives access with a preset, and not more than the giver has', async () => {
  const server = someServer({ permissions: ['user.create', 'websocket.connect', 'control.console'] })
  const open = shallowRef(false)
  const Page = defineComponent(() => {
    provide(
      SERVER,
      computed(() => server),
    )
    return () =>
      h(
        'div',
        h(AccessDialog, {
          subuser: undefined,
          open: open.value,
          'onUpdate:open': (next: boolean) => (open.value = next),
        }),
      )
  })
  const { sent } = await mountInApp(Page, { replies: { [`POST /servers/${server.id}/subusers`]: {} } })
  open.value = true
  await flushPromises()
  button('Everything')?.click()
  await flushPromises()
  const email = document.querySelector<HTMLInputElement>('[type=email]')
  if (email) {
    email.value = 'jonas@hatchery.test'
    email.dispatchEvent(new Event('input'))
  }
  document.querySelector('[role=dialog] form')?.dispatchEvent(new Event('submit'))
  await vi.waitFor(() => expect(sent).toHaveLength(1))
  expect(sent[0]?.body).toEqual({
    email: 'jonas@hatchery.test',
    permissions: ['websocket.connect', 'control.console', 'user.create'],
  })
})

test('network is shown as a rate; a counter that went back starts anew', () => {
  const reading = (at: number, networkRxBytes: number) => ({
    at,
    cpuPercent: 1,
    memoryBytes: 1,
    memoryLimitBytes: 0,
    diskBytes: 1,
    networkRxBytes,
    networkTxBytes: 0,
    uptimeMs: 0,
    pids: 1,
  })
  expect(toPoints([reading(1000, 0), reading(3000, 4000), reading(4000, 100)]).map(({ rxRate }) => rxRate)).toEqual([
    null,
    2000,
    null,
  ])
})
