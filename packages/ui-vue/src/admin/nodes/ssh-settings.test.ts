import { flushPromises } from '@vue/test-utils'
import { expect, test } from 'vitest'
import { someAccount } from '../../testing/fixtures.ts'
import { accessibilityProblems, mountInApp } from '../../testing/mount-app.ts'
import SshSettingsSection from './SshSettingsSection.vue'

async function mountSection(adminPermissions: readonly string[]) {
  const mounted = await mountInApp(SshSettingsSection, {
    replies: {
      'GET /account': { ...someAccount, adminPermissions },
      'GET /settings/ssh': { accountPasswords: false },
      'PATCH /settings/ssh': { accountPasswords: true },
    },
  })
  await flushPromises()
  await flushPromises()
  return mounted
}

test('account passwords are allowed with one switch that says what it means', async () => {
  const { wrapper, sent } = await mountSection(['settings.read', 'settings.update'])
  const box = wrapper.get('[role=switch]')
  expect(box.attributes('aria-checked')).toBe('false')
  await box.trigger('click')
  await flushPromises()
  expect(sent.find(({ method }) => method === 'PATCH')?.body).toEqual({ accountPasswords: true })
  expect(wrapper.get('[role=switch]').attributes('aria-checked')).toBe('true')
  expect(await accessibilityProblems(wrapper)).toEqual([])
})

test('who may only look sees it, and who may not is shown nothing', async () => {
  const { wrapper } = await mountSection(['settings.read'])
  expect(wrapper.get('[role=switch]').attributes('disabled')).toBeDefined()
  const other = await mountSection(['nodes.read'])
  expect(other.wrapper.find('[role=switch]').exists()).toBe(false)
  expect(other.sent.some(({ path }) => path === '/settings/ssh')).toBe(false)
})
