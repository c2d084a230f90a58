import { expect, test, vi } from 'vitest'
import { nextTick } from 'vue'
import { loadMessages } from '../../i18n/i18n.ts'
import { someServer } from '../../testing/fixtures.ts'
import { accessibilityProblems, mountInApp } from '../../testing/mount-app.ts'
import MetricHistory from './MetricHistory.vue'
import { summarise } from './summarise.ts'

vi.mock('uplot', () => ({
  // happy-dom has no canvas; what the chart shows stands in the table and the headings as well.
  default: class {
    setData(): void {}
    setSize(): void {}
    destroy(): void {}
  },
}))

const range = (...values: (number | null)[]) => ({ min: values, avg: values, max: values })
const empty = range(null, null)

async function open(reply: unknown) {
  await loadMessages(['metrics'])
  const one = someServer()
  const path = `GET /servers/${one.id}/metrics`
  const mounted = await mountInApp(MetricHistory, { props: { server: one }, replies: { [path]: reply } })
  return { ...mounted, path }
}

async function unfold(wrapper: Awaited<ReturnType<typeof open>>['wrapper']): Promise<void> {
  const details = wrapper.find('details')
  ;(details.element as HTMLDetailsElement).open = true
  await details.trigger('toggle')
}

test('asks the node when it is opened, and shows mean, peak and a table', async () => {
  const history = {
    from: 0,
    stepMs: 10_000,
    cpuPercent: { min: [10, null], avg: [50, null], max: [90, null] },
    memoryBytes: range(1024, null),
    diskBytes: empty,
    networkRxBytesPerSecond: empty,
    networkTxBytesPerSecond: empty,
  }
  const { wrapper, sent } = await open(history)
  expect(sent).toEqual([])
  await unfold(wrapper)
  await vi.waitFor(() => expect(wrapper.text()).toContain('Ø 50.0 % · peak 90.0 %'))
  const cells = wrapper.findAll('tbody tr').map((row) => row.text())
  expect(cells[0]).toContain('10.0 %')
  expect(wrapper.find('tbody:last-of-type').text()).toContain('–')
  expect(await accessibilityProblems(wrapper)).toEqual([])

  await wrapper.findAll('button')[1]?.trigger('click')
  await nextTick()
  await vi.waitFor(() => expect(sent.length).toBe(2))
  expect(wrapper.findAll('button')[1]?.attributes('aria-pressed')).toBe('true')
})

test('says when nothing was measured', async () => {
  const history = {
    from: 0,
    stepMs: 10_000,
    cpuPercent: empty,
    memoryBytes: empty,
    diskBytes: empty,
    networkRxBytesPerSecond: empty,
    networkTxBytesPerSecond: empty,
  }
  const { wrapper } = await open(history)
  await unfold(wrapper)
  await vi.waitFor(() => expect(wrapper.text()).toContain('Nothing was measured'))
})

test('a gap counts for nothing', () => {
  expect(summarise({ min: [1, null, 5], avg: [2, null, 6], max: [3, null, 7] })).toEqual({
    lowest: 1,
    mean: 4,
    peak: 7,
  })
  expect(summarise(empty)).toBeNull()
})
