import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  hasGitServer,
  openTestGitServer,
  type TestGitServer,
} from '../../packages/panel/src/egg-repositories/git/git-server.test-data.ts'
import { startProduct, type Product } from '../product.ts'
import { newPage, openBrowser, signIn } from './browser.ts'

interface EggText {
  readonly name: string
  readonly slots?: string
  readonly image?: string
  readonly script?: string
}
/** An egg that any machine can run, as a panel would have written it. */
const eggText = ({ name, slots = 'required|integer', image = 'debian:12', script = '' }: EggText): string =>
  JSON.stringify({
    meta: { version: 'PTDL_v2', update_url: null },
    name,
    author: 'eggs@hatchery.example',
    description: '',
    features: [],
    docker_images: { Debian: image },
    file_denylist: [],
    startup: 'cat',
    config: { files: '{}', startup: '{"done":"ready"}', logs: '{}', stop: '^C' },
    scripts: { installation: { script, container: 'debian:12', entrypoint: 'bash' } },
    variables: [
      {
        name: 'Slots',
        description: '',
        env_variable: 'SLOTS',
        default_value: '8',
        user_viewable: true,
        user_editable: true,
        rules: slots,
      },
    ],
  })

let directory: string
let git: TestGitServer
let product: Product
let browser: Browser
/** What lies at `/files/…` of the git server's host. */
const files = new Map<string, string>()

beforeAll(async () => {
  if (!hasGitServer) return
  directory = mkdtempSync(path.join(os.tmpdir(), 'hatchery-eggs-'))
  git = await openTestGitServer()
  git.answer = (request, response) => {
    const file = files.get(request.url ?? '')
    if (file === undefined) git.serve(request, response)
    else response.writeHead(200, { 'content-type': 'text/plain' }).end(file)
  }
  const ca = path.join(directory, 'ca.pem')
  writeFileSync(ca, git.ca)
  const { hostname } = new URL(git.url)
  product = await startProduct({
    args: ['--runtime', 'process'],
    env: { HATCHERY_OUTBOUND_ALLOW: hostname, NODE_EXTRA_CA_CERTS: ca },
  })
  browser = await openBrowser()
})

afterAll(async () => {
  await browser?.close()
  await product?.[Symbol.asyncDispose]()
  await git?.[Symbol.asyncDispose]()
  if (directory) rmSync(directory, { recursive: true, force: true })
})

const heading = (page: Page, name: string): Promise<void> => page.getByRole('heading', { level: 1, name }).waitFor()

test.runIf(hasGitServer)(
  'an egg comes from an address, is updated with its changes shown first, and leaves in another format',
  async () => {
    files.set('/files/echo.json', eggText({ name: 'Echo' }))
    const { page, complaints } = await newPage(browser, product.url)
    await signIn(page)
    await page.getByRole('link', { name: 'Eggs' }).click()
    await page.getByRole('button', { name: 'Import egg' }).first().click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Or fetch from an address').fill(`${git.url}/files/echo.json`)
    await dialog.getByRole('button', { name: 'Fetch' }).click()
    await dialog.getByText('PTDL_v2 · 1 variable · 1 image').waitFor()
    await dialog.getByRole('button', { name: 'Import egg' }).click()
    await heading(page, 'Echo')
    await page.getByText('Required · whole number', { exact: true }).waitFor()

    const egg = page.url().split('/').at(-1)!
    const owner = (await product.client.getAccount()).id
    await product.client.createServer({
      body: {
        name: 'Crowded',
        egg,
        owner,
        limits: { memoryMiB: 0, swapMiB: 0, diskMiB: 0, cpuPercent: 0, cpuPinning: null, ioWeight: 500, pids: 64 },
        variables: { SLOTS: '64' },
        skipInstallScript: true,
      },
    })
    files.set('/files/echo.json', eggText({ name: 'Echo', slots: 'required|integer|max:16', image: 'debian:13' }))
    await page.getByRole('button', { name: 'Check for update' }).click()
    await dialog.getByText('2 changes · 1 server uses this egg').waitFor()
    await dialog.getByText('1 server has a value that no longer passes.').waitFor()
    await dialog.getByText('Takes effect at next start').first().waitFor()
    await dialog.getByText('Which servers').click()
    await dialog.getByRole('link', { name: 'Crowded' }).waitFor()
    await dialog.getByRole('button', { name: 'Apply update' }).click()
    await page.getByText('Egg updated').waitFor()
    await dialog.getByRole('button', { name: 'Close' }).last().click()
    await page.getByText('Required · whole number · at most 16').waitFor()

    await page.getByRole('button', { name: 'Export' }).click()
    await dialog.getByText('Pelican', { exact: true }).click()
    await dialog.getByText('Everything in this egg fits into the format.').waitFor()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      dialog.getByRole('button', { name: 'Download' }).click(),
    ])
    expect(readFileSync(await download.path(), 'utf8')).toMatch(/version: '?PLCN_v3/)
    expect(complaints).toEqual([])
  },
)

test.runIf(hasGitServer)('a repository is synced and browsed, eggs are installed from it and follow it', async () => {
  const repository = git.createRepository('games')
  const games = (change: Partial<EggText> = {}): Record<string, string> => ({
    'chess/egg-chess.json': eggText({ name: 'Chess', ...change }),
    'go/egg-go.json': eggText({ name: 'Go' }),
    'go/egg-go-classic.json': eggText({ name: 'Go classic' }),
    'readme.md': 'Eggs of the club.',
  })
  repository.commit(games())
  const { page, complaints } = await newPage(browser, product.url)
  await signIn(page)
  await page.goto('/admin/egg-repositories')
  await page.getByText('Pelican: Minecraft').waitFor()
  await page.getByRole('button', { name: 'Add repository' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Address').fill(repository.url)
  await dialog.getByLabel('Name', { exact: true }).fill('Club games')
  await dialog.getByRole('button', { name: 'Add and sync' }).click()
  await heading(page, 'Club games')
  await page.getByText('chess/egg-chess.json').waitFor()

  await page.getByRole('searchbox', { name: 'Search by name or path' }).fill('go')
  await page.getByText('chess/egg-chess.json').waitFor({ state: 'hidden' })
  await page.getByRole('searchbox', { name: 'Search by name or path' }).fill('')
  await page.getByRole('checkbox', { name: 'Choose Chess' }).check()
  await page.getByRole('checkbox', { name: 'Choose Go', exact: true }).check()
  await page.getByRole('button', { name: 'Install 2 eggs' }).click()
  await page.locator('li[data-state=installed]').nth(1).waitFor()
  await expect(page.locator('li[data-state=available]').count()).resolves.toBe(1)

  repository.commit(games({ script: 'echo "version 2"\n' }))
  await page.getByRole('button', { name: 'Sync now' }).click()
  await page.getByRole('button', { name: '1 new version' }).click()
  await dialog.getByText('Takes effect when reinstalled').first().waitFor()
  await dialog.getByRole('button', { name: 'Update egg' }).click()
  await dialog.getByText('1 updated, 0 failed').waitFor()
  await dialog.getByRole('button', { name: 'Close' }).last().click()
  await page.locator('li[data-state=installed]').nth(1).waitFor()

  const { data } = await product.client.listEggs({ query: { search: 'Chess' } })
  const source = await product.client.getEggSource({ params: { egg: data[0]!.id } })
  expect(source.text).toContain('version 2')
  expect(data[0]!.origin).toMatchObject({ name: 'Club games', path: 'chess/egg-chess.json', state: 'installed' })
  expect(complaints).toEqual([])
})
