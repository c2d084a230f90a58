import type { Node, Orphan } from '@hatchery/core/sdk'
import { flushPromises } from '@vue/test-utils'
import { expect, test } from 'vitest'
import { defineComponent, h, type Component } from 'vue'
import ConfirmHost from '../../shell/ConfirmHost.vue'
import { someAccount } from '../../testing/fixtures.ts'
import { accessibilityProblems, mountInApp, type Replies } from '../../testing/mount-app.ts'
import OrphansSection from './OrphansSection.vue'
import SecretSection from './SecretSection.vue'

const node = { id: 'n1', name: 'fra-1', kind: 'agent', status: 'online', isRotatingSecret: false } as Node
const orphan = (change: Partial<Orphan> = {}): Orphan => ({
  server: 'd0d0d0d0-0000-4000-8000-000000000009',
  name: 'Lost world',
  state: 'running',
  seenAt: 0,
  elsewhere: null,
  isRemoving: false,
  ...change,
})

const mountSection = async (section: Component, props: object, replies: Replies) => {
  const Page = defineComponent(() => () => h('div', [h(section, props), h(ConfirmHost)]))
  const mounted = await mountInApp(Page, { replies: { 'GET /account': someAccount, ...replies } })
  await flushPromises()
  return mounted
}
const orphansOf = (...data: Orphan[]) => ({ 'GET /nodes/n1/orphans': { data, nextCursor: null } })
const button = (name: string): HTMLButtonElement | undefined =>
  [...document.querySelectorAll('button')].find((one) => one.textContent?.trim() === name)

test('a node without orphans says so', async () => {
  const { wrapper } = await mountSection(OrphansSection, { node }, orphansOf())
  expect(wrapper.text()).toContain('the panel knows every server')
})

test('an orphan is removed only after its short id was typed', async () => {
  const path = `/nodes/n1/orphans/${orphan().server}`
  const replies = { ...orphansOf(orphan()), [`DELETE ${path}`]: { operation: 'o' } }
  const { wrapper, sent } = await mountSection(OrphansSection, { node }, replies)
  expect(await accessibilityProblems(wrapper)).toEqual([])
  const link = wrapper.find('a')
  expect(link.attributes('href')).toContain(`adopt=${orphan().server}`)
  expect(link.attributes('href')).toContain('name=Lost')
  button('Remove')?.click()
  await flushPromises()
  const confirm = [...document.querySelectorAll<HTMLButtonElement>('[role=dialog] button')].at(-1)
  expect(confirm?.disabled).toBe(true)
  const input = document.querySelector<HTMLInputElement>('[role=dialog] input')!
  input.value = 'd0d0d0d0'
  input.dispatchEvent(new Event('input'))
  await flushPromises()
  expect(confirm?.disabled).toBe(false)
  confirm?.click()
  await flushPromises()
  expect(sent.filter(({ method }) => method === 'DELETE').map((request) => request.path)).toEqual([path])
})

test('nothing is offered for one that is being removed, that lives elsewhere, or on a node in recovery', async () => {
  const rows = [orphan({ isRemoving: true }), orphan({ server: 'e0e0e0e0', elsewhere: { node: 'n2', name: 'fra-2' } })]
  const { wrapper } = await mountSection(OrphansSection, { node }, orphansOf(...rows))
  expect(wrapper.text()).toContain('Being removed')
  expect(wrapper.text()).toContain('fra-2')
  expect(button('Remove')).toBeUndefined()
  await mountSection(OrphansSection, { node: { ...node, status: 'recovery' } }, orphansOf(orphan()))
  expect(button('Remove')).toBeUndefined()
})

test('a new secret is asked for, made, and waited for', async () => {
  const rotated = { ...node, isRotatingSecret: true }
  const { wrapper, sent } = await mountSection(SecretSection, { node }, { 'POST /nodes/n1/rotate-secret': rotated })
  button('New secret')?.click()
  await flushPromises()
  expect(sent.some(({ method }) => method === 'POST')).toBe(false)
  const confirm = [...document.querySelectorAll<HTMLButtonElement>('[role=dialog] button')].at(-1)
  confirm?.click()
  await flushPromises()
  expect(sent.find(({ method }) => method === 'POST')?.path).toBe('/nodes/n1/rotate-secret')
  expect(await accessibilityProblems(wrapper)).toEqual([])
  const waiting = await mountSection(SecretSection, { node: rotated }, {})
  expect(waiting.wrapper.text()).toContain('Until then both are accepted')
})
