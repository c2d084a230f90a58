import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitForState } from '../game-server.ts'
import { startProduct, type Product } from '../product.ts'
import { newPage, openBrowser, signIn, waitForLine } from './browser.ts'

const GRACE = { email: 'grace@example.com', username: 'grace', password: 'nanoseconds of wire' }
let product: Product
let browser: Browser
let server: string

beforeAll(async () => {
  product = await startProduct({ args: ['--runtime', 'process', '--demo'] })
  browser = await openBrowser()
  server = (await product.client.listServers()).data[0]!.id
  await waitForState(product.client, server, 'running')
  await product.client.createUser({ body: GRACE })
})

afterAll(async () => {
  await browser?.close()
  await product?.[Symbol.asyncDispose]()
})

test('access is given by the page, lasts while it lasts, and ends in an open page when it is taken away', async () => {
  const { page } = await newPage(browser, product.url)
  await signIn(page)
  await page.goto(`/servers/${server}/users`)
  await page.getByRole('button', { name: 'Give access' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('E-mail address').fill(GRACE.email)
  await dialog.getByRole('button', { name: 'Operator' }).click()
  await dialog.getByRole('button', { name: 'Give access' }).click()
  await dialog.waitFor({ state: 'hidden' })

  const { page: hers, complaints } = await newPage(browser, product.url)
  await signIn(hers, GRACE.email, GRACE.password)
  await hers.getByRole('link', { name: 'Demo chat server' }).first().click()
  await waitForLine(hers, /Done!/)
  await expect(hers.getByRole('link', { name: 'Nodes' }).count()).resolves.toBe(0)
  expect(complaints).toEqual([])

  await page.getByRole('button', { name: /Take away access of grace/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Take away access' }).click()
  await hers.getByText(/does not exist/).waitFor({ timeout: 5000 })
  await expect(hers.getByRole('log').count()).resolves.toBe(0)
  await hers.goto('/')
  await hers.getByText('No servers yet').waitFor()
})
