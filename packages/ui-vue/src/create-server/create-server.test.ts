import type { Egg, EggSummary } from '@hatchery/core/sdk'
import { flushPromises } from '@vue/test-utils'
import { expect, test, vi } from 'vitest'
import { accessibilityProblems, mountInApp, refuse, type SentRequest } from '../testing/mount-app.ts'
import { someAccount, someServer } from '../testing/fixtures.ts'
import CreateServerPage from './CreateServerPage.vue'

const summary: EggSummary = {
  id: 'egg-1',
  nest: 'nest-1',
  name: 'Paper',
  author: '',
  description: '',
  format: 'PTDL_v2',
  features: [],
  updateUrl: null,
  origin: null,
  serverCount: 0,
  createdAt: 0,
  revision: 1,
}
const egg: Egg = {
  ...summary,
  images: [{ label: 'Java 21', value: 'java:21' }],
  startupCommands: [],
  stop: 'stop',
  done: [],
  variables: [
    {
      name: 'Player slots',
      description: '',
      envVariable: 'MAX_PLAYERS',
      defaultValue: '20',
      userViewable: true,
      userEditable: true,
      rules: [],
      input: { kind: 'number', required: true, integer: true, minimum: 1 },
    },
  ],
  configFiles: [],
  hasInstallScript: true,
  diagnostics: [],
}
const list = (...data: unknown[]) => ({ data, nextCursor: null })

async function mountPage(create: unknown) {
  const mounted = await mountInApp(CreateServerPage, {
    path: '/servers/new?egg=egg-1',
    replies: {
      'GET /account': someAccount,
      'GET /eggs': list(summary),
      'GET /eggs/egg-1': egg,
      'GET /nodes': list(),
      'GET /users': list(),
      'POST /servers/plan': {
        node: { id: 'n', name: 'fra-1' },
        allocation: { id: 'a', address: '192.0.2.1:25565' },
        considered: [],
      },
      'POST /servers': create,
    },
  })
  await flushPromises()
  await vi.waitFor(() => expect(mounted.wrapper.text()).toContain('Player slots'))
  const creations = (): SentRequest[] =>
    mounted.sent.filter(({ method, path }) => method === 'POST' && path === '/servers')
  return { ...mounted, creations }
}
const byLabel = (text: string): HTMLInputElement => {
  const label = [...document.querySelectorAll('label')].find((one) => one.textContent?.trim().startsWith(text))
  return document.getElementById(label?.htmlFor ?? '') as HTMLInputElement
}
async function fill(label: string, value: string): Promise<void> {
  const input = byLabel(label)
  input.value = value
  input.dispatchEvent(new Event('input'))
  await flushPromises()
}

test('creates a server from an egg and goes to its console', async () => {
  const { wrapper, creations, router } = await mountPage({ server: someServer(), operation: 'o' })
  await fill('Name', 'Survival')
  await wrapper.get('form').trigger('submit')
  await vi.waitFor(() => expect(router.currentRoute.value.name).toBe('console'))
  expect(creations()[0]?.body).toMatchObject({
    egg: 'egg-1',
    name: 'Survival',
    image: 'java:21',
    variables: { MAX_PLAYERS: '20' },
    startWhenInstalled: true,
  })
})

test('sends nothing while a field is not valid, and says how many need attention', async () => {
  const { wrapper, creations } = await mountPage({})
  await fill('Player slots', 'many')
  await wrapper.get('form').trigger('submit')
  await flushPromises()
  expect(creations()).toEqual([])
  expect(wrapper.text()).toContain('Give the server a name.')
  expect(wrapper.text()).toContain('2 fields need your attention.')
})

test.each([
  [
    'VALIDATION_FAILED',
    { fields: 'name', issues: [{ path: 'name', message: 'It is too long.' }] },
    'Name',
    'It is too long.',
  ],
  [
    'VARIABLE_INVALID',
    { variable: 'MAX_PLAYERS', reason: 'it must be at most 100' },
    'Player slots',
    'it must be at most 100',
  ],
])('shows what the server refuses with %s at its field', async (code, details, label, words) => {
  const { wrapper } = await mountPage(() => refuse(422, code, 'no', details))
  await fill('Name', 'Survival')
  await wrapper.get('form').trigger('submit')
  await vi.waitFor(() => expect(byLabel(label).getAttribute('aria-invalid')).toBe('true'))
  expect(document.getElementById(`${byLabel(label).id}-error`)?.textContent).toBe(words)
})

test('has no accessibility problem', async () => {
  const { wrapper } = await mountPage({})
  const problems = await accessibilityProblems(wrapper)
  // The page is mounted without the app's main landmark around it.
  expect(problems.filter((problem) => !problem.startsWith('landmark'))).toEqual([])
})

test('a server that a node keeps is adopted with the same form: on its node, without an installation', async () => {
  const orphan = 'd0d0d0d0-0000-4000-8000-000000000009'
  const params = new URLSearchParams({ egg: 'egg-1', node: 'n1', adopt: orphan, name: 'Lost' })
  const { wrapper, sent } = await mountInApp(CreateServerPage, {
    path: `/servers/new?${params}`,
    replies: {
      'GET /account': someAccount,
      'GET /eggs': list(summary),
      'GET /eggs/egg-1': egg,
      'GET /nodes': list({ id: 'n1', name: 'fra-1' }),
      'GET /nodes/n1/allocations': list(),
      'GET /users': list(),
      'POST /servers/plan': { node: null, allocation: null, considered: [] },
      [`POST /nodes/n1/orphans/${orphan}/adopt`]: someServer({ id: orphan, shortId: 'd0d0d0d0' }),
    },
  })
  await vi.waitFor(() => expect(wrapper.text()).toContain('Player slots'))
  expect(wrapper.text()).not.toContain('Start it')
  await wrapper.find('form').trigger('submit')
  await flushPromises()
  const adoption = sent.find(({ path }) => path.endsWith('/adopt'))
  expect(adoption?.body).toMatchObject({ egg: 'egg-1', name: 'Lost', owner: someAccount.id })
  expect(Object.keys(adoption?.body as object)).not.toContain('startWhenInstalled')
  expect(Object.keys(adoption?.body as object)).not.toContain('node')
  expect(sent.some(({ method, path }) => method === 'POST' && path === '/servers')).toBe(false)
})
