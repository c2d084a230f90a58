import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { newPage, openBrowser, signIn } from '../../test/e2e/browser.ts'
import { createGameServer } from '../../test/game-server.ts'
import { startProduct } from '../../test/product.ts'
import { buildImage } from './build-image.ts'

const FILES = 10_000
const SCROLL_MS = 5_000
/** Of one turn of the wheel: some two screens. */
const WHEEL_PIXELS = 1_500
/** What the negative control adds to every frame. */
const BUSY_MS = 30

export interface ScrollFigures {
  readonly framesPerSecond: number
  /** The longest time between two frames. */
  readonly worstFrameMs: number
  /** Rows in the page at once, at most. */
  readonly rows: number
  /** Rows in sight that had no name yet, as a share of all that were looked at. */
  readonly emptyShare: number
  /** Rows that the list was scrolled by. */
  readonly rowsPassed: number
}

/** In the page: what every frame shows, for a while. */
async function countFrames({ durationMs, busyMs }: { durationMs: number; busyMs: number }): Promise<ScrollFigures> {
  const scroller = document.querySelector<HTMLElement>('.hy-files')!
  const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve))
  const began = await frame()
  let [last, frames, worst, rows, seen, empty] = [began, 0, 0, 0, 0, 0]
  while (last - began < durationMs) {
    for (const end = performance.now() + busyMs; performance.now() < end;);
    const now = await frame()
    frames += 1
    worst = Math.max(worst, now - last)
    last = now
    // Looking at the rows takes time as well.
    if (frames % 10 > 0) continue
    const shown = [...scroller.querySelectorAll('.hy-file-row')]
    rows = Math.max(rows, shown.length)
    seen += shown.length
    empty += shown.filter((row) => !row.textContent.includes('region-')).length
  }
  return {
    framesPerSecond: (frames * 1000) / (last - began),
    worstFrameMs: worst,
    rows,
    emptyShare: empty / Math.max(1, seen),
    rowsPassed: Math.round(scroller.scrollTop / 48),
  }
}

/** Scrolls through a directory of 10,000 files in Chromium; `slowed` has a task of 30 ms in every frame. */
export async function measureScroll(): Promise<{ readonly page: ScrollFigures; readonly slowed: ScrollFigures }> {
  buildImage('busybox')
  await using product = await startProduct()
  const { id: server } = await createGameServer(product, { name: 'Many files', startup: 'exec sleep 600' })
  const data = path.join(product.dataDirectory, 'agent/volumes', server, 'data-1/many')
  mkdirSync(data)
  for (let at = 0; at < FILES; at++) writeFileSync(path.join(data, `region-${at}.dat`), '')
  const browser = await openBrowser()
  try {
    const { page } = await newPage(browser, product.url)
    await signIn(page)
    await page.goto(`/servers/${server.slice(0, 8)}/files?path=many`)
    await page.getByText('region-0.dat', { exact: true }).waitFor()
    await page.locator('.hy-files').hover()
    const scroll = async (busyMs: number): Promise<ScrollFigures> => {
      const counted = page.evaluate(countFrames, { durationMs: SCROLL_MS, busyMs })
      const end = performance.now() + SCROLL_MS
      // Turns of a wheel, as fast as the browser takes them.
      while (performance.now() < end) await page.mouse.wheel(0, WHEEL_PIXELS)
      return counted
    }
    // The first time reads the files; a person does that once.
    const first = await scroll(0)
    await page.locator('.hy-files').evaluate((scroller) => (scroller.scrollTop = 0))
    const slowed = await scroll(BUSY_MS)
    return { page: first, slowed }
  } finally {
    await browser.close()
  }
}
