import { execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createGameServer, waitForState } from '../game-server.ts'
import { startProduct, type Product } from '../product.ts'
import { createServer, importEgg, newPage, openBrowser, signIn, waitForBadge, waitForLine } from './browser.ts'

const images = path.resolve(import.meta.dirname, '../images/build.sh')
let product: Product
let browser: Browser
let page: Page

beforeAll(async () => {
  execFileSync(images, ['busybox'], { stdio: 'inherit' })
  execFileSync(images, ['debian', 'hatchery.test/minetest:bookworm', 'minetest-server'], { stdio: 'inherit' })
  for (const version of ['17', '21']) {
    const container = execFileSync('docker', ['create', 'hatchery.test/busybox:1', 'sh'], { encoding: 'utf8' }).trim()
    execFileSync('docker', ['commit', '-c', `ENV JAVA_VERSION=${version}`, container, `hatchery.test/java:${version}`])
    execFileSync('docker', ['rm', container])
  }
  product = await startProduct()
  browser = await openBrowser()
  ;({ page } = await newPage(browser, product.url))
  await signIn(page)
}, 240_000)

afterAll(async () => {
  await browser?.close()
  await product?.[Symbol.asyncDispose]()
}, 60_000)

test('a second game of another kind runs: Minetest answers on UDP, and stops by signal', async () => {
  await importEgg(
    page,
    'egg-minetest.json',
    readFileSync(path.resolve(import.meta.dirname, '../eggs/egg-minetest.json'), 'utf8'),
  )
  const shown = await createServer(page, 'Minetest (Debian)', 'Block world')
  await waitForBadge(page, 'Running')
  const { id, allocations } = await product.client.getServer({ params: { server: shown } })
  const { port } = allocations.find(({ isPrimary }) => isPrimary)!
  await waitForLine(page, `listening on 0.0.0.0:${port}`)
  expect((await askMinetest(port)).subarray(0, 4).toString('hex')).toBe('4f457403')

  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await waitForBadge(page, 'Offline')
  const { lastExit } = await product.client.getServer({ params: { server: id } })
  expect(lastExit?.reason).toBe('stopped')
  const configuration = readFileSync(
    path.join(product.dataDirectory, 'agent/volumes', id, 'data-1/minetest.conf'),
    'utf8',
  )
  expect(configuration).toContain(`port=${port}`)
})

test('the Minecraft EULA is accepted with one button, and the server starts', async () => {
  const server = await createGameServer(product, {
    name: 'Asks for the EULA',
    features: ['eula'],
    startup:
      'if grep -q eula=true eula.txt 2>/dev/null; then echo ready; exec sleep 600; else echo "You need to agree to the EULA in order to run the server. Go to eula.txt for more info."; exit 0; fi',
  })
  await page.goto(`/servers/${server.id}`)
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await page.getByRole('button', { name: 'Accept and restart' }).click()
  await waitForBadge(page, 'Running')
  await expect(page.getByRole('button', { name: 'Accept and restart' }).count()).resolves.toBe(0)
})

test('another Java image is taken with one button, and the server starts', async () => {
  const server = await createGameServer(product, {
    name: 'Needs Java 21',
    features: ['java_version'],
    images: { 'Java 17': 'hatchery.test/java:17', 'Java 21': 'hatchery.test/java:21' },
    startup:
      'if [ "$JAVA_VERSION" = 21 ]; then echo ready; exec sleep 600; else echo "java.lang.UnsupportedClassVersionError: Main has been compiled by a more recent version of the Java Runtime (class file version 65.0), this version of the Java Runtime only recognizes class file versions up to 61.0"; exit 1; fi',
  })
  await page.goto(`/servers/${server.id}`)
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await page.getByRole('button', { name: /Switch to Java 21/ }).click()
  await waitForBadge(page, 'Running')
  const { image } = await product.client.getServer({ params: { server: server.id } })
  expect(image).toBe('hatchery.test/java:21')
})

test('a server that ignores its stop signal is killed from the page', async () => {
  const server = await createGameServer(product, {
    name: 'Stubborn',
    startup: 'trap "" INT TERM; echo ready; while true; do sleep 1; done',
    start: true,
  })
  await page.goto(`/servers/${server.id}`)
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await page.getByRole('button', { name: 'Kill', exact: true }).click()
  await page.getByRole('button', { name: 'Kill server' }).click()
  await waitForBadge(page, 'Offline')
  const { lastExit } = await product.client.getServer({ params: { server: server.id } })
  expect(lastExit?.reason).toBe('killed')
})

test('an install script that fails says so, and can be run again', async () => {
  const { id } = await createGameServer(product, {
    name: 'Fails to install',
    startup: 'echo ready; exec sleep 600',
    install: {
      script:
        'if [ -e /mnt/server/tried ]; then exit 0; fi\ntouch /mnt/server/tried\necho "the download broke off"\nexit 7\n',
      image: 'hatchery.test/busybox:1',
      entrypoint: 'sh',
    },
  }).catch(async () => (await product.client.listServers({ query: { search: 'Fails to install' } })).data[0]!)
  await page.goto(`/servers/${id}`)
  await waitForBadge(page, 'Install failed')
  await waitForLine(page, 'the download broke off')
  await page.getByRole('button', { name: 'Install again' }).click()
  await waitForState(product.client, id, 'offline')
})

/** Sends Minetest's first packet, a reliable empty one, and answers what the server says to it. */
function askMinetest(port: number): Promise<Buffer> {
  const socket = createSocket('udp4')
  const hello = Buffer.from('4f45740300000003ffdc01', 'hex')
  return new Promise((resolve, reject) => {
    const again = setInterval(() => socket.send(hello, port, '127.0.0.1'), 200)
    const done = (act: () => void) => {
      clearInterval(again)
      clearTimeout(timeout)
      socket.close()
      act()
    }
    const timeout = setTimeout(() => done(() => reject(new Error('no answer on UDP'))), 15_000)
    socket.once('message', (answer) => done(() => resolve(answer)))
  })
}
