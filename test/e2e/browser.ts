import { chromium, type Browser, type Page } from 'playwright-core'
import { ADMIN } from '../product.ts'

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export async function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: process.env['HATCHERY_CHROMIUM'] ?? '/usr/bin/chromium', args: ARGS })
}

/** A page of a fresh visitor, with what the browser complained about. */
export async function newPage(
  browser: Browser,
  url: string,
): Promise<{ readonly page: Page; readonly complaints: string[] }> {
  const context = await browser.newContext({ baseURL: url, viewport: { width: 1440, height: 900 }, locale: 'en' })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`))
  page.on('console', (message) => {
    // The account is asked for before anybody is signed in; the browser reports that 401 by itself.
    if (message.type() === 'error' && !message.text().includes('401')) complaints.push(message.text())
  })
  return { page, complaints }
}

export async function signIn(page: Page, login = ADMIN.email, password = ADMIN.password): Promise<void> {
  await page.goto('/sign-in')
  await page.getByLabel('E-mail or username').fill(login)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { level: 1, name: 'Servers' }).waitFor()
}

/** Imports an egg file through the page and answers when its own page is open. */
export async function importEgg(page: Page, fileName: string, text: string): Promise<void> {
  await page.getByRole('link', { name: 'Eggs' }).click()
  await page.getByRole('heading', { level: 1, name: 'Eggs' }).waitFor()
  await page.getByRole('button', { name: 'Import egg' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog
    .locator('input[type=file]')
    .setInputFiles({ name: fileName, mimeType: 'application/json', buffer: Buffer.from(text) })
  await dialog.getByRole('button', { name: 'Import egg' }).click()
  await dialog.waitFor({ state: 'hidden' })
}

/** Fills the create page and submits; answers the new server's id as its address shows it. */
export async function createServer(page: Page, egg: string, name: string): Promise<string> {
  await page.goto('/servers/new')
  await page.getByText(egg, { exact: true }).click()
  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByRole('button', { name: 'Create server' }).click()
  await page.waitForURL(/\/servers\/[0-9a-f]{8}(-|$)/)
  return page.url().split('/').at(-1)!
}

/** Waits until the header of a server's page shows this state. */
export async function waitForBadge(page: Page, state: string, timeout = 90_000): Promise<void> {
  await page.getByRole('main').getByText(state, { exact: true }).first().waitFor({ timeout })
}

export async function sendCommand(page: Page, command: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Command' }).fill(command)
  await page.keyboard.press('Enter')
}

export async function waitForLine(page: Page, text: string | RegExp, timeout = 60_000): Promise<void> {
  await page.getByRole('log').getByText(text).first().waitFor({ timeout })
}
