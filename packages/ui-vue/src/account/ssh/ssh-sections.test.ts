import { flushPromises } from '@vue/test-utils'
import { expect, test } from 'vitest'
import { accessibilityProblems, mountInApp, refuse } from '../../testing/mount-app.ts'
import AppPasswordsSection from './AppPasswordsSection.vue'
import { boundsBody } from './bounds.ts'
import SshKeysSection from './SshKeysSection.vue'

const ID = '0a1b2c3d-0000-4000-8000-0000000000cc'
const unbound = { servers: null, allowedIps: null, expiresAt: null, lastUsedAt: null, lastUsedIp: null, createdAt: 1 }
const key = {
  ...unbound,
  id: ID,
  name: 'Laptop',
  algorithm: 'ssh-ed25519',
  fingerprint: `SHA256:${'a'.repeat(43)}`,
  publicKey: 'ssh-ed25519 AAAA',
}
const dialog = (): HTMLElement => document.querySelector<HTMLElement>('[role=dialog]')!
const byText = <E extends HTMLElement>(root: Element, selector: string, text: string): E =>
  [...root.querySelectorAll<E>(selector)].find((one) => one.textContent?.includes(text))!

async function press(button: HTMLElement): Promise<void> {
  button.click()
  await flushPromises()
}
async function type(input: HTMLInputElement | HTMLTextAreaElement, value: string): Promise<void> {
  input.value = value
  input.dispatchEvent(new Event('input'))
  await flushPromises()
}
async function submit(): Promise<void> {
  dialog()
    .querySelector('form')!
    .dispatchEvent(new Event('submit', { cancelable: true }))
  await flushPromises()
}

const page = (...data: unknown[]) => ({ data, nextCursor: null })
const servers = { 'GET /servers': page({ id: ID, name: 'Survival' }) }

async function openKeys(replies: Record<string, unknown> = {}) {
  const mounted = await mountInApp(SshKeysSection, {
    replies: { 'GET /account/ssh-keys': page(), ...servers, ...replies },
  })
  await flushPromises()
  const root = document.body
  return { ...mounted, add: () => press(byText(root, 'button', 'Add SSH key')) }
}

test('keys are shown with fingerprint, use and bounds', async () => {
  const used = { ...key, lastUsedAt: Date.now() - 1, lastUsedIp: '192.0.2.7', expiresAt: 1, servers: [ID] }
  const { wrapper } = await openKeys({ 'GET /account/ssh-keys': page(used) })
  const text = wrapper.text()
  for (const part of ['Laptop', key.fingerprint, '192.0.2.7', 'expired', '1 server only']) expect(text).toContain(part)
  expect(await accessibilityProblems(wrapper)).toEqual([])
})

test('a key that is pasted is added with its bounds', async () => {
  const { add, sent } = await openKeys({ 'POST /account/ssh-keys': key })
  await add()
  await type(dialog().querySelector('textarea')!, ' ssh-ed25519 AAAA ada@laptop\n')
  const [, server] = dialog().querySelectorAll('select')
  server!.value = ID
  server!.dispatchEvent(new Event('change'))
  await flushPromises()
  expect(await accessibilityProblems({ element: dialog() } as never)).toEqual([])
  await submit()
  const post = sent.find(({ method }) => method === 'POST')
  expect(post?.body).toEqual({ publicKey: 'ssh-ed25519 AAAA ada@laptop', servers: [ID] })
  expect(document.querySelector('[role=dialog]')).toBeNull()
})

test('a private key does not leave the browser', async () => {
  const { add, sent } = await openKeys()
  await add()
  await type(dialog().querySelector('textarea')!, '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl')
  expect(dialog().textContent).toContain('This is a private key')
  expect(byText<HTMLButtonElement>(dialog(), 'button', 'Add SSH key').disabled).toBe(true)
  expect(sent.some(({ method }) => method === 'POST')).toBe(false)
})

test('why a key is not taken is said in the dialog', async () => {
  const reply = refuse(422, 'SSH_KEY_INVALID', 'x', { reason: 'it is cut off' })
  const { add } = await openKeys({ 'POST /account/ssh-keys': reply })
  await add()
  await type(dialog().querySelector('textarea')!, 'ssh-ed25519 AAAA')
  await submit()
  expect(dialog().textContent).toContain('This is not a public key that works here: it is cut off.')
})

test('keys are imported from where they are published', async () => {
  const answer = { added: [key], known: 2, refused: [] }
  const { add, sent } = await openKeys({ 'POST /account/ssh-keys/import': answer })
  await add()
  const [, way] = dialog().querySelectorAll<HTMLInputElement>('input[type=radio]')
  way!.checked = true
  way!.dispatchEvent(new Event('change'))
  await flushPromises()
  await type(dialog().querySelector<HTMLInputElement>('input[required]')!, 'ada')
  expect(await accessibilityProblems({ element: dialog() } as never)).toEqual([])
  await submit()
  expect(sent.find(({ method }) => method === 'POST')?.body).toEqual({ from: 'github', username: 'ada' })
})

test('a key is renamed', async () => {
  const { sent } = await openKeys({
    'GET /account/ssh-keys': page(key),
    [`PATCH /account/ssh-keys/${ID}`]: { ...key, name: 'Desk' },
  })
  await press(byText(document.body, 'button', 'Rename'))
  await type(dialog().querySelector('input')!, 'Desk')
  await submit()
  expect(sent.find(({ method }) => method === 'PATCH')?.body).toEqual({ name: 'Desk' })
})

test('an app password is shown once and is gone with the dialog', async () => {
  const { wrapper } = await mountInApp(AppPasswordsSection, {
    replies: {
      'GET /account/app-passwords': page(),
      'POST /account/app-passwords': { appPassword: { ...unbound, id: ID, name: 'FileZilla' }, password: 'hap_secret' },
      ...servers,
    },
  })
  await flushPromises()
  expect(await accessibilityProblems(wrapper)).toEqual([])
  await press(byText(document.body, 'button', 'Create app password'))
  await type(dialog().querySelector('input')!, 'FileZilla')
  await submit()
  expect(dialog().textContent).toContain('hap_secret')
  expect(await accessibilityProblems({ element: dialog() } as never)).toEqual([])
  await press(byText(dialog(), 'button', 'I have copied it'))
  expect(document.body.textContent).not.toContain('hap_secret')
  await press(byText(document.body, 'button', 'Create app password'))
  expect(document.body.textContent).not.toContain('hap_secret')
})

test('what does not bind is left out', () => {
  expect(boundsBody({ days: null, server: null, ips: ' , ' }, 5)).toEqual({})
  expect(boundsBody({ days: 1, server: ID, ips: '192.0.2.1, 10.0.0.0/8' }, 5)).toEqual({
    servers: [ID],
    allowedIps: ['192.0.2.1', '10.0.0.0/8'],
    expiresAt: 86_400_005,
  })
})
