import { newPage, openBrowser, signIn } from '../../test/e2e/browser.ts'
import type { Product } from '../../test/product.ts'

/** From the print of a line to its arrival. */
export interface Delay {
  readonly n: number
  readonly ms: number
}

/** What Chromium saw of a flood, as the page's own socket delivered it and as the page shows it. */
export interface PageCount {
  readonly lines: number
  readonly doubled: number
  readonly skipped: number
  readonly delays: readonly Delay[]
  /** The line that ends the flood stands in the page. */
  readonly isShown: boolean
}

export interface ConsolePage extends AsyncDisposable {
  /** Settles when the page shows the line that ends the flood. */
  over(timeoutMs: number): Promise<PageCount>
}

declare global {
  interface Window {
    flood: { seen: Set<number>; doubled: number; skipped: number; delays: { n: number; ms: number }[] }
  }
}

/** Opens a server's console in Chromium. The page's socket is listened to, never slowed down or answered for. */
export async function openConsolePage(product: Product, server: string): Promise<ConsolePage> {
  const browser = await openBrowser()
  const { page } = await newPage(browser, product.url)
  await page.addInitScript(() => {
    const flood = (window.flood = {
      seen: new Set<number>(),
      doubled: 0,
      skipped: 0,
      delays: [] as { n: number; ms: number }[],
    })
    const Original = window.WebSocket
    window.WebSocket = class extends Original {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(url, protocols)
        this.addEventListener('message', ({ data }) => {
          const now = Date.now()
          const text = String(data)
          if (!text.includes('server-console')) return
          const { event } = JSON.parse(text) as { event?: { lines: { text: string }[]; skipped?: number } }
          flood.skipped += event?.skipped ?? 0
          for (const line of event?.lines ?? []) {
            const found = /^n=(\d+) t=(\d+)/.exec(line.text)
            if (!found) continue
            const n = Number(found[1])
            if (flood.seen.has(n)) flood.doubled += 1
            flood.seen.add(n)
            if (n % 50 === 0) flood.delays.push({ n, ms: now - Number(found[2]) })
          }
        })
      }
    }
  })
  await signIn(page)
  await page.goto(`/servers/${server}`)
  await page.getByRole('log').getByText('ready').first().waitFor()
  return {
    async over(timeoutMs) {
      const isLastShown = await page
        .getByRole('log')
        .getByText(/^flood over/)
        .first()
        .waitFor({ timeout: timeoutMs })
        .then(() => true)
        .catch(() => false)
      const { lines, doubled, skipped, delays } = await page.evaluate(() => ({
        lines: window.flood.seen.size,
        doubled: window.flood.doubled,
        skipped: window.flood.skipped,
        delays: window.flood.delays,
      }))
      return { lines, doubled, skipped, delays, isShown: isLastShown }
    },
    [Symbol.asyncDispose]: () => browser.close(),
  }
}
