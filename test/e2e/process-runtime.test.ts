import path from 'node:path'
import { connect } from 'node:net'
import { readFileSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitForState } from '../game-server.ts'
import { startProduct, until, type Product } from '../product.ts'
import { newPage, openBrowser, sendCommand, signIn, waitForLine } from './browser.ts'

let product: Product
let browser: Browser

beforeAll(async () => {
  product = await startProduct({ args: ['--runtime', 'process', '--demo'] })
  browser = await openBrowser()
})

afterAll(async () => {
  await browser?.close()
  await product?.[Symbol.asyncDispose]()
})

test('without Docker the demo runs as a process, and every page of the server says that it is not isolated', async () => {
  const { data } = await product.client.listServers()
  const server = await waitForState(product.client, data[0]!.id, 'running')
  expect(server.node.isolated).toBe(false)
  const { page, complaints } = await newPage(browser, product.url)
  await signIn(page)
  for (const tab of ['', '/startup', '/users', '/activity', '/settings']) {
    await page.goto(`/servers/${server.id}${tab}`)
    await page
      .getByText(/not isolated/)
      .first()
      .waitFor()
  }
  await page.goto(`/servers/${server.id}`)
  await sendCommand(page, 'list')
  await waitForLine(page, /There are \d+ players online/)
  expect(complaints).toEqual([])
})

test('a player connects, and what they type is in the console', async () => {
  const { data } = await product.client.listServers()
  const { allocations, id } = await product.client.getServer({ params: { server: data[0]!.id } })
  const socket = connect(allocations[0]!.port, '127.0.0.1')
  socket.on('connect', () => socket.write('hello from a player\n'))
  await until(
    async () => {
      const console = await product.client.readConsole({ params: { server: id }, query: {} })
      return console.data.some(({ text }) => text.includes('hello from a player'))
    },
    15_000,
    'the console shows the line',
  )
  socket.destroy()
})

test('Ctrl-C ends panel, agent and the process server, gracefully and with one line that says so', async () => {
  const { data } = await product.client.listServers()
  const id = data[0]!.id
  expect(await product.stop()).toBe(0)
  expect(product.log()).toContain('Stopped. Servers of the process runtime were stopped with it.')
  // The demo server counts its visitors when it is stopped properly.
  const visits = path.join(product.dataDirectory, 'agent/volumes', id, 'data-1/visits.txt')
  expect(readFileSync(visits, 'utf8')).toBe('1')
  expect(() => process.kill(product.agentPid!, 0)).toThrow()
})
