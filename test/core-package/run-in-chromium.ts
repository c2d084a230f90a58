import { createReadStream, existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { openBrowser } from '../e2e/browser.ts'

/** What the page and its worker answer. The page may run nothing but files of its own site: no text becomes code. */
export async function runInChromium(site: string): Promise<readonly unknown[]> {
  const server = createServer((request, response) => {
    const file = path.join(site, path.basename(request.url === '/' ? 'index.html' : (request.url ?? '')))
    if (!existsSync(file)) {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, {
      'content-type': file.endsWith('.html') ? 'text/html' : 'text/javascript',
      'content-security-policy': "default-src 'self'",
    })
    createReadStream(file).pipe(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const browser = await openBrowser()
  try {
    const page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    await page.waitForFunction(() => 'answers' in globalThis)
    return await page.evaluate(() => (globalThis as unknown as { answers: Promise<unknown[]> }).answers)
  } finally {
    await browser.close()
    server.close()
  }
}
