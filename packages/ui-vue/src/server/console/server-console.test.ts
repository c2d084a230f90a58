import { flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { accessibilityProblems, mountInApp } from '../../testing/mount-app.ts'
import { someLine, someServer } from '../../testing/fixtures.ts'
import CommandLine from './CommandLine.vue'
import ServerConsole from './ServerConsole.vue'

const server = someServer()
const topic = `server-console:${server.id}` as const
let frames: (() => void)[] = []
const nextFrame = async (): Promise<void> => {
  for (const run of frames.splice(0)) run()
  await flushPromises()
}

beforeEach(() => {
  localStorage.clear()
  frames = []
  vi.stubGlobal('requestAnimationFrame', (run: () => void) => frames.push(run))
  vi.stubGlobal('cancelAnimationFrame', () => undefined)
})
afterEach(() => {
  vi.unstubAllGlobals()
})

test('shows lines once per frame, however many messages came', async () => {
  const { wrapper, live } = await mountInApp(ServerConsole, { props: { server: server.id, name: server.name } })
  live.emit(topic, { lines: [someLine(0, 'first')] })
  live.emit(topic, { lines: [someLine(1, 'second')] })
  expect(frames).toHaveLength(1)
  await nextFrame()
  expect(wrapper.findAll('.hy-log-row').map((row) => row.text())).toEqual(['first', 'second'])
})

test('keeps only the rows in sight in the page', async () => {
  const { wrapper, live } = await mountInApp(ServerConsole, { props: { server: server.id, name: server.name } })
  live.emit(topic, { lines: Array.from({ length: 20_000 }, (_, index) => someLine(index, `line ${index}`)) })
  await nextFrame()
  expect(wrapper.findAll('.hy-log-row').length).toBeLessThan(200)
})

test('a pause holds new lines back and counts them; resuming shows them', async () => {
  const { wrapper, live } = await mountInApp(ServerConsole, { props: { server: server.id, name: server.name } })
  live.emit(topic, { lines: [someLine(0, 'before')] })
  await nextFrame()
  const pause = wrapper.findAll('button').find((button) => button.text().startsWith('Pause'))
  await pause?.trigger('click')
  live.emit(topic, { lines: [someLine(1, 'x'), someLine(2, 'y')] })
  await nextFrame()
  expect(wrapper.findAll('.hy-log-row')).toHaveLength(1)
  expect(pause?.text()).toContain('2 new lines')
  await pause?.trigger('click')
  await nextFrame()
  expect(wrapper.findAll('.hy-log-row')).toHaveLength(3)
})

test('finds text and counts the matches', async () => {
  const { wrapper, live } = await mountInApp(ServerConsole, { props: { server: server.id, name: server.name } })
  live.emit(topic, { lines: [someLine(0, 'an Error'), someLine(1, 'fine'), someLine(2, 'error again')] })
  await nextFrame()
  await wrapper.get('[aria-label="Search the log"]').trigger('click')
  await wrapper.get('input[type=search]').setValue('error')
  expect(wrapper.findAll('.hy-log-match')).toHaveLength(2)
  expect(wrapper.text()).toContain('2 of 2')
})

test('sends a command, remembers it, and walks back with the arrow keys', async () => {
  const { wrapper, sent } = await mountInApp(CommandLine, {
    props: { server: server.id, reason: '' },
    replies: { [`POST /servers/${server.id}/command`]: { operation: 'o' } },
  })
  const input = wrapper.get('input')
  await input.setValue('say hi')
  await wrapper.get('form').trigger('submit')
  await flushPromises()
  expect(sent.map(({ body }) => body)).toEqual([{ command: 'say hi' }])
  await input.setValue('draft')
  await input.trigger('keydown', { key: 'ArrowUp' })
  expect(input.element.value).toBe('say hi')
  await input.trigger('keydown', { key: 'ArrowDown' })
  expect(input.element.value).toBe('draft')
})

test('says why no command can be sent', async () => {
  const { wrapper, sent } = await mountInApp(CommandLine, {
    props: { server: server.id, reason: 'Start the server to send commands.' },
  })
  expect(wrapper.get('input').attributes('disabled')).toBeDefined()
  expect(wrapper.get('input').attributes('placeholder')).toBe('Start the server to send commands.')
  await wrapper.get('form').trigger('submit')
  expect(sent).toEqual([])
})

test('has no accessibility problem', async () => {
  vi.unstubAllGlobals()
  const { wrapper, live } = await mountInApp(ServerConsole, { props: { server: server.id, name: server.name } })
  live.emit(topic, { lines: [someLine(0, 'first')] })
  await flushPromises()
  expect(await accessibilityProblems(wrapper)).toEqual([])
})
