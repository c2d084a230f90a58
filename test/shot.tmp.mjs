import { chromium } from 'playwright-core'
const [, , url, email, password, ...paths] = process.argv
const b = await chromium.launch({
  executablePath: '/usr/bin/chromium',
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
const ctx = await b.newContext({ viewport: { width: 1440, height: 900 } })
const p = await ctx.newPage()
p.on('console', (m) => m.type() === 'error' && console.log('console:', m.text().slice(0, 200)))
p.on('pageerror', (e) => console.log('pageerror', e.message))
await p.goto(url)
await p.waitForTimeout(800)
await p.screenshot({ path: '/tmp/shots/signin.png' })
await p.locator('input').nth(0).fill(email)
await p.locator('input[type=password]').fill(password)
await p.keyboard.press('Enter')
await p.waitForTimeout(1500)
let i = 0
for (const path of ['/', ...paths]) {
  await p.goto(url + path)
  await p.waitForTimeout(2000)
  await p.screenshot({ path: `/tmp/shots/p${i++}.png` })
  console.log(path, await p.title())
}
await b.close()
