import type { Account } from '@hatchery/core/sdk'
import { flushPromises } from '@vue/test-utils'
import { expect, test } from 'vitest'
import { someAccount } from '../testing/fixtures.ts'
import { accessibilityProblems, mountInApp } from '../testing/mount-app.ts'
import ApiKeyDialog from './ApiKeyDialog.vue'

const dialog = (): HTMLElement => document.querySelector<HTMLElement>('[role=dialog]')!
const byText = <E extends HTMLElement>(selector: string, text: string): E =>
  [...dialog().querySelectorAll<E>(selector)].find((one) => one.textContent?.includes(text))!
const box = (text: string): HTMLInputElement => byText<HTMLElement>('label', text).querySelector('input')!

async function openDialog(account: Account = someAccount) {
  const mounted = await mountInApp(ApiKeyDialog, {
    props: { open: true },
    replies: { 'GET /account': account, 'POST /account/api-keys': { key: {}, secret: 'hk_secret' } },
  })
  await flushPromises()
  const name = dialog().querySelector<HTMLInputElement>('input[required]')!
  name.value = 'Bot'
  name.dispatchEvent(new Event('input'))
  await flushPromises()
  const submit = async () => {
    dialog()
      .querySelector('form')!
      .dispatchEvent(new Event('submit', { cancelable: true }))
    await flushPromises()
    return mounted.sent.find(({ method }) => method === 'POST')?.body
  }
  const limit = async () => {
    box('Only what is chosen').click()
    await flushPromises()
  }
  return { ...mounted, submit, limit }
}

test('a key that is not limited names no permissions', async () => {
  const { submit } = await openDialog()
  expect(await submit()).toEqual({ name: 'Bot' })
})

test('a limited key has what was ticked, each with its catalogue, and never nothing', async () => {
  const { submit, limit } = await openDialog()
  await limit()
  expect(byText<HTMLButtonElement>('button', 'Create API key').disabled).toBe(true)
  box('Start the server').click()
  await flushPromises()
  box('Change nodes').click()
  await flushPromises()
  expect(byText<HTMLButtonElement>('button', 'Create API key').disabled).toBe(false)
  expect(await accessibilityProblems({ element: dialog() } as never)).toEqual([])
  expect(await submit()).toEqual({ name: 'Bot', permissions: ['server:control.start', 'admin:nodes.update'] })
})

test('a preset ticks several; nobody is offered what administrators may do unless they may', async () => {
  const { submit, limit } = await openDialog({ ...someAccount, isAdmin: false, adminPermissions: [] })
  await limit()
  expect(dialog().textContent).not.toContain('Change nodes')
  byText<HTMLButtonElement>('button', 'Read only').click()
  await flushPromises()
  const { permissions } = (await submit()) as { permissions: readonly string[] }
  expect(permissions).toContain('server:websocket.connect')
  expect(permissions).toContain('account:servers.read')
  expect(permissions.every((name) => /read|connect/.test(name))).toBe(true)
})
