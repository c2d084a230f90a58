import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createGameServer } from '../game-server.ts'
import { startAgent, type Program } from '../panel-process.ts'
import { freePort, startProduct, until, type Product } from '../product.ts'
import { newPage, openBrowser, sendCommand, signIn, waitForBadge, waitForLine } from './browser.ts'

/** Larger than one piece of an upload through the panel. */
const SIZE = 9 * 1024 * 1024

let directory: string
let product: Product
let agent: Program
let browser: Browser
let origin: string
let server: string

beforeAll(async () => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'hatchery-direct-'))
  product = await startProduct({ args: ['--runtime', 'process'] })
  const { client } = product
  const [local] = (await client.listNodes({ query: {} })).data
  await client.updateNode({ params: { node: local!.id }, body: { isMaintenance: true } })
  const { id: node } = await client.createNode({
    body: { name: 'Direct', location: local!.location, fqdn: '127.0.0.1', memoryMiB: 0 },
  })
  await client.createAllocations({
    params: { node },
    body: { ip: '127.0.0.1', ports: [String(await freePort())] },
  })
  const { token } = await client.createEnrolmentToken({ params: { node } })
  const port = await freePort()
  origin = `http://127.0.0.1:${port}`
  agent = await startAgent(product.url, path.join(directory, 'agent'), token, ['--direct-url', origin])
  await until(
    async () => (await client.getNode({ params: { node } })).status === 'online',
    20_000,
    'the node is online',
  )
  const created = await createGameServer(product, { name: 'Direct', startup: 'echo ready; exec cat', image: 'none' })
  server = created.id
  browser = await openBrowser()
})

afterAll(async () => {
  await browser?.close()
  // The servers go first, and only their agent can delete them.
  await product?.[Symbol.asyncDispose]()
  await agent?.stop()
  if (directory) rmSync(directory, { recursive: true, force: true })
})

/** Addresses that the page has sent bytes to or fetched a file from, by method. */
function watchTraffic(page: Page): string[] {
  const seen: string[] = []
  page.context().on('request', (request) => {
    const { origin: host, pathname } = new URL(request.url())
    if (/\/direct\/v1\/(files|uploads)|files\/content|files\/uploads\/[^/]+$/.test(pathname)) {
      seen.push(`${request.method()} ${host === origin ? 'node' : 'panel'}`)
    }
  })
  return seen
}

async function upload(page: Page, name: string, bytes: Buffer): Promise<void> {
  const file = path.join(directory, name)
  writeFileSync(file, bytes)
  await page.locator('input[type=file]:not([webkitdirectory])').first().setInputFiles(file)
  await page.getByRole('row', { name: new RegExp(name) }).waitFor()
}

async function download(page: Page, name: string): Promise<Buffer> {
  await page.getByRole('row', { name: new RegExp(name) }).click()
  const [saved] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download' }).first().click(),
  ])
  return readFileSync(await saved.path())
}

test('files go between browser and node past the panel, and through it when the node cannot be reached', async () => {
  const { page, complaints } = await newPage(browser, product.url)
  const seen = watchTraffic(page)
  await signIn(page)
  await page.goto(`/servers/${server}/files`)
  const bytes = randomBytes(SIZE)
  await upload(page, 'world.bin', bytes)
  expect((await download(page, 'world.bin')).equals(bytes)).toBe(true)
  expect(seen.filter((one) => one.endsWith('panel') && !one.startsWith('GET'))).toEqual([])
  expect(seen).toContain('PATCH node')
  expect(complaints).toEqual([])

  // A firewall comes up between the browser and the node: pages that are loaded from now on go through the panel.
  await page.context().route(`${origin}/**`, (route) => route.abort())
  seen.length = 0
  await page.reload()
  await upload(page, 'relayed.bin', bytes)
  expect((await download(page, 'relayed.bin')).equals(bytes)).toBe(true)
  expect(seen).toContain('PATCH panel')
  expect(seen.filter((one) => one === 'PATCH node')).toEqual([])
})

test('console and readings come from the node itself', async () => {
  const { page, complaints } = await newPage(browser, product.url)
  const sockets: string[] = []
  page.on('websocket', (socket) => {
    socket.on('framereceived', ({ payload }) => {
      const { origin: host } = new URL(socket.url())
      if (/"topic":"server-(console|stats)/.test(String(payload))) sockets.push(host)
    })
  })
  await signIn(page)
  await page.goto(`/servers/${server}`)
  const fromNode = () => sockets.includes(origin.replace('http', 'ws'))
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await waitForBadge(page, 'Running')
  await until(async () => fromNode(), 20_000, 'the node gives the console')
  sockets.length = 0
  await sendCommand(page, 'said by nobody else')
  await waitForLine(page, 'said by nobody else')
  expect(new Set(sockets)).toEqual(new Set([origin.replace('http', 'ws')]))
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await waitForBadge(page, 'Offline')
  expect(complaints).toEqual([])
})
