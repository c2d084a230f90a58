import { flushPromises } from '@vue/test-utils'
import { afterEach, expect, test, vi } from 'vitest'
import { accessibilityProblems, mountInApp, refuse } from '../testing/mount-app.ts'
import { someAccount } from '../testing/fixtures.ts'
import SignInPage from './SignInPage.vue'

afterEach(() => {
  vi.useRealTimers()
})

async function signIn(wrapper: Awaited<ReturnType<typeof mountInApp>>['wrapper'], password: string): Promise<void> {
  await wrapper.get('[name=username]').setValue('mira')
  await wrapper.get('[name=password]').setValue(password)
  await wrapper.get('form').trigger('submit')
  await flushPromises()
}

test('signs in and goes to where the person wanted to be', async () => {
  const { wrapper, router, sent } = await mountInApp(SignInPage, {
    path: '/sign-in?next=/account',
    replies: { 'POST /auth/sign-in': someAccount },
  })
  await signIn(wrapper, 'secret')
  expect(sent[0]?.body).toEqual({ login: 'mira', password: 'secret' })
  await vi.waitFor(() => expect(router.currentRoute.value.path).toBe('/account'))
})

test('never follows an address of another site', async () => {
  const { wrapper, router } = await mountInApp(SignInPage, {
    path: '/sign-in?next=//evil.test/',
    replies: { 'POST /auth/sign-in': someAccount },
  })
  await signIn(wrapper, 'secret')
  await vi.waitFor(() => expect(router.currentRoute.value.name).toBe('dashboard'))
})

test('says what is missing at the field and puts the focus there', async () => {
  const { wrapper, sent } = await mountInApp(SignInPage, { path: '/sign-in' })
  await wrapper.get('form').trigger('submit')
  expect(wrapper.get('[name=username]').attributes('aria-invalid')).toBe('true')
  expect(document.activeElement?.getAttribute('name')).toBe('username')
  expect(sent).toEqual([])
})

test('says that the password is wrong', async () => {
  const { wrapper } = await mountInApp(SignInPage, {
    path: '/sign-in',
    replies: { 'POST /auth/sign-in': () => refuse(401, 'CREDENTIALS_INVALID', 'no') },
  })
  await signIn(wrapper, 'nope')
  expect(wrapper.get('[role=alert]').text()).toBe('The e-mail address or the password is wrong.')
})

test('counts down after too many attempts, then lets in again', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const limited = (): Response => {
    const answer = refuse(429, 'RATE_LIMITED', 'slow', { retryAfterSeconds: 2 })
    return new Response(answer.body, { status: 429, headers: { 'retry-after': '2' } })
  }
  const { wrapper } = await mountInApp(SignInPage, { path: '/sign-in', replies: { 'POST /auth/sign-in': limited } })
  await signIn(wrapper, 'nope')
  expect(wrapper.get('[role=alert]').text()).toContain('2 s')
  expect(wrapper.get('[type=submit]').attributes('disabled')).toBeDefined()
  vi.advanceTimersByTime(2000)
  await flushPromises()
  expect(wrapper.get('[type=submit]').attributes('disabled')).toBeUndefined()
})

test('has no accessibility problem', async () => {
  const { wrapper } = await mountInApp(SignInPage, { path: '/sign-in' })
  expect(await accessibilityProblems(wrapper)).toEqual([])
})
