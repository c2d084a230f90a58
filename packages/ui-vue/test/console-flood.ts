/**
 * Measures the console under load in a real browser: how late the newest visible line is, and the longest task, at 15,000
 * lines a second for ten seconds with a full buffer. `node --conditions=@hatchery/source test/console-flood.ts [lines/s]`
 */
import { chromium } from 'playwright-core'
import { servers } from './mock-data.ts'
import { flood } from './mock-live.ts'
import { startMockPanel } from './mock-panel.ts'

const rate = Number(process.argv[2] ?? 15_000)
const SECONDS = 10
const panel = await startMockPanel()
const browser = await chromium.launch({
  executablePath: process.env['HATCHERY_CHROMIUM'] ?? '/usr/bin/chromium',
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
})
try {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  await context.addCookies([{ name: 'mock', value: '1', url: panel.url }])
  const page = await context.newPage()
  await page.goto(`${panel.url}/servers/${servers[0]?.shortId}`)
  await page.locator('.hy-log-row').first().waitFor()
  const stop = flood(servers[0]?.id ?? '', rate)
  // The buffer fills first, so that what is measured is the steady state.
  await page.waitForTimeout((20_000 / rate) * 1000 + 500)
  const result = await page.evaluate(async (seconds) => {
    const tasks: number[] = []
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => entry.duration))).observe({
      type: 'longtask',
    })
    const delays: number[] = []
    const end = Date.now() + seconds * 1000
    while (Date.now() < end) {
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
      const written = Number(
        /^\d{13}/.exec([...document.querySelectorAll('.hy-log-text')].at(-1)?.textContent ?? '')?.[0] ?? 0,
      )
      if (written > 0) delays.push(Date.now() - written)
    }
    delays.sort((a, b) => a - b)
    const at = (share: number): number => delays[Math.min(delays.length - 1, Math.floor(delays.length * share))] ?? 0
    return {
      frames: delays.length,
      p50: at(0.5),
      p99: at(0.99),
      longTasks: tasks.length,
      longestTask: Math.max(0, ...tasks),
      nodes: document.querySelectorAll('*').length,
    }
  }, SECONDS)
  stop()
  console.log(JSON.stringify({ linesPerSecond: rate, seconds: SECONDS, ...result }))
} finally {
  await browser.close()
  await panel.close()
}
