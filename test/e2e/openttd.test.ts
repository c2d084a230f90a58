import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startProduct, until, type Product } from '../product.ts'
import {
  createServer,
  importEgg,
  newPage,
  openBrowser,
  sendCommand,
  signIn,
  waitForBadge,
  waitForLine,
} from './browser.ts'

const eggs = process.env['HATCHERY_EGGS'] ?? path.resolve(import.meta.dirname, '../../../shared/eggs')
const fileName = path.join(eggs, 'corpus/pterodactyl+game-eggs/openttd/egg-open-t-t-d-server.json')

/** The corpus egg as it is, but for its install step: what it downloads is copied from the image instead. */
function openttdEgg(): { readonly text: string; readonly image: string } {
  const folder = path.dirname(fileName)
  const file = readdirSync(folder).find((name) => name.endsWith('.json'))!
  const egg = JSON.parse(readFileSync(path.join(folder, file), 'utf8'))
  const image = Object.values<string>(egg.docker_images)[0]!
  const script =
    '#!/bin/bash\r\nset -e\r\ncp /usr/games/openttd /mnt/server/openttd\r\nprintf "[network]\\nserver_port = 3979\\n" > /mnt/server/openttd.cfg\r\necho "Installation completed..."\r\n'
  egg.scripts.installation = { script, container: image, entrypoint: 'bash' }
  return { text: JSON.stringify(egg), image }
}

let product: Product
let browser: Browser
let page: Page
let complaints: string[]
let server: string

beforeAll(async () => {
  execFileSync(
    path.resolve(import.meta.dirname, '../images/build.sh'),
    ['debian', openttdEgg().image, 'openttd,openttd-opengfx'],
    { stdio: 'inherit' },
  )
  product = await startProduct()
  browser = await openBrowser()
  ;({ page, complaints } = await newPage(browser, product.url))
}, 240_000)

afterAll(async () => {
  await browser?.close()
  await product?.[Symbol.asyncDispose]()
}, 60_000)

test('an administrator signs in and imports a real egg', async () => {
  await signIn(page)
  await importEgg(page, 'egg-open-t-t-d-server.json', openttdEgg().text)
  await page.getByRole('heading', { level: 1, name: 'OpenTTD Server' }).waitFor()
})

test('a server is created from it, installs and starts while the page shows how', async () => {
  const shown = await createServer(page, 'OpenTTD Server', 'Railway valley')
  server = (await product.client.getServer({ params: { server: shown } })).id
  await waitForLine(page, 'Installation completed...')
  await waitForBadge(page, 'Running')
  await waitForLine(page, 'Map generated, starting game')
})

test('a command is answered in the console', async () => {
  await sendCommand(page, 'server_info')
  await waitForLine(page, /Current\/maximum clients/)
})

test("the game's port is open from outside the container", async () => {
  const { allocations } = await product.client.getServer({ params: { server } })
  const { port } = allocations.find(({ isPrimary }) => isPrimary)!
  await new Promise<void>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.destroy()
      resolve()
    })
  })
})

test('the page shows what the server uses', async () => {
  const memory = page.getByRole('main').getByText(/MiB/).first()
  await memory.waitFor()
  const { stats } = await product.client.readStats({ params: { server } })
  expect(stats?.memoryBytes).toBeGreaterThan(1_000_000)
})

test('it stops gracefully and leaves the world on disk', async () => {
  await sendCommand(page, 'save valley')
  await waitForLine(page, /Map successfully saved|Game saved|valley/)
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await waitForBadge(page, 'Offline')
  const { lastExit } = await product.client.getServer({ params: { server } })
  expect(lastExit).toMatchObject({ code: 0, reason: 'stopped' })
  const volume = path.join(product.dataDirectory, 'agent/volumes', server)
  const worlds = readdirSync(volume, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('valley.sav'),
  )
  expect(worlds).toHaveLength(1)
  expect(statSync(path.join(volume, worlds[0]!)).size).toBeGreaterThan(1000)
})

test('a second user is created, gets the server, and sees it', async () => {
  await page.goto('/admin/users')
  await page.getByRole('button', { name: 'Create user' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('E-mail', { exact: true }).fill('ada@example.com')
  await dialog.getByLabel('Username').fill('ada')
  await dialog.getByLabel('Password', { exact: true }).fill('difference engine')
  await dialog.getByRole('button', { name: 'Create user' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.goto(`/servers/${server}/settings`)
  await page.getByLabel('Owner').click()
  await page.getByLabel('Owner').fill('ada')
  await page.getByRole('option', { name: /ada/ }).click()
  await page.getByRole('button', { name: 'Save owner and limits' }).click()
  await until(
    async () => (await product.client.getServer({ params: { server } })).owner.username === 'ada',
    10_000,
    'the server belongs to Ada',
  )

  const { page: hers, complaints: herComplaints } = await newPage(browser, product.url)
  await signIn(hers, 'ada@example.com', 'difference engine')
  await hers.getByRole('link', { name: 'Railway valley' }).first().click()
  await hers.getByRole('button', { name: 'Start', exact: true }).click()
  await waitForBadge(hers, 'Running')
  await hers.getByRole('button', { name: 'Stop', exact: true }).click()
  await waitForBadge(hers, 'Offline')
  expect(herComplaints).toEqual([])
})

test('it is reinstalled from the page', async () => {
  await page.goto(`/servers/${server}/settings`)
  await page.getByRole('button', { name: 'Reinstall server' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox').fill('Railway valley')
  await dialog.getByRole('button', { name: 'Reinstall server' }).click()
  await page.goto(`/servers/${server}`)
  await until(
    async () => {
      const { data } = await product.client.listOperations({ query: { server } })
      return data.some(({ kind, status }) => kind === 'reinstall' && status === 'succeeded')
    },
    60_000,
    'the server is installed again',
  )
  const { state, isInstalled } = await product.client.getServer({ params: { server } })
  expect({ state, isInstalled }).toEqual({ state: 'offline', isInstalled: true })
})

test('it is deleted from the page, with container and files', async () => {
  await page.goto(`/servers/${server}/settings`)
  await page.getByRole('button', { name: 'Delete server' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox').fill('Railway valley')
  await dialog.getByRole('button', { name: 'Delete server' }).click()
  await until(
    async () => (await product.client.listServers({ query: { scope: 'all' } })).data.length === 0,
    30_000,
    'the server is gone',
  )
  expect(existsSync(path.join(product.dataDirectory, 'agent/volumes', server))).toBe(false)
  expect(execFileSync('docker', ['ps', '-aq', '--filter', `name=${server}`], { encoding: 'utf8' })).toBe('')
})

test('the browser had nothing to complain about', () => {
  expect(complaints).toEqual([])
})
