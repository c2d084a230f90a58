import { flushPromises } from '@vue/test-utils'
import { expect, test } from 'vitest'
import { someServer } from '../../testing/fixtures.ts'
import { accessibilityProblems, mountInApp } from '../../testing/mount-app.ts'
import LifecycleSection from './LifecycleSection.vue'

async function mountSection() {
  const server = someServer()
  const mounted = await mountInApp(LifecycleSection, {
    props: { server },
    replies: { [`PATCH /servers/${server.id}/lifecycle`]: server },
  })
  await flushPromises()
  const { wrapper } = mounted
  const field = (label: string) => {
    const id = wrapper
      .findAll('label')
      .find((one) => one.text().startsWith(label))
      ?.attributes('for')
    return wrapper.get(`[id="${id}"]`)
  }
  return { ...mounted, server, field, save: wrapper.get('button[type="submit"]') }
}

test('sends minutes and seconds as milliseconds, when something has changed', async () => {
  const { wrapper, sent, field, save } = await mountSection()
  expect(save.attributes('disabled')).toBeDefined()
  await field('Window, in minutes').setValue('30')
  await field('Time to stop').setValue('90')
  await wrapper.get('form').trigger('submit')
  await flushPromises()
  expect(sent.find(({ method }) => method === 'PATCH')?.body).toMatchObject({
    crash: { windowMs: 1_800_000, maxRestarts: 5, backoffMs: 2_000 },
    stopTimeoutMs: 90_000,
  })
  expect(await accessibilityProblems(wrapper)).toEqual([])
})

test('says at the field what it takes, and saves nothing else', async () => {
  const { wrapper, field, save } = await mountSection()
  await field('Restarts within the window').setValue('1000')
  expect(wrapper.text()).toContain('A number from 0 to 100.')
  expect(save.attributes('disabled')).toBeDefined()
})
