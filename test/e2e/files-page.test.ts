import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createGameServer } from '../game-server.ts'
import { startProduct, until, type Product } from '../product.ts'
import { newPage, openBrowser, signIn } from './browser.ts'

let product: Product
let browser: Browser
let page: Page
let server: string
let complaints: string[]
/** Files of the person at the browser. */
let local: string

beforeAll(async () => {
  execFileSync(path.resolve(import.meta.dirname, '../images/build.sh'), ['busybox'], { stdio: 'inherit' })
  product = await startProduct()
  browser = await openBrowser()
  ;({ page, complaints } = await newPage(browser, product.url))
  await signIn(page)
  ;({ id: server } = await createGameServer(product, { name: 'Has files', startup: 'exec sleep 600' }))
  for (const [at, text] of [
    ['eula.txt', 'eula=true\n'],
    ['server.properties', '# made by the game\nmotd=Hello\nunknown-key=7\n'],
    ['config/paper.yml', 'a: 1\n'],
    ['plugins/Alpha-one.jar', 'jar'],
    ['plugins/Beta-one.jar', 'jar'],
  ] as const) {
    await product.client.writeFile({ params: { server }, query: { path: at }, body: new Blob([text]) })
  }
  local = mkdtempSync(path.join(os.tmpdir(), 'hatchery-upload-'))
  mkdirSync(path.join(local, 'world/region'), { recursive: true })
  writeFileSync(path.join(local, 'world/region/r.0.0.mca'), Buffer.alloc(3_000_000, 7))
  writeFileSync(path.join(local, 'world/level.dat'), 'level')
  writeFileSync(path.join(local, 'notes.txt'), 'some notes with a needle in them\n')
}, 240_000)

afterAll(async () => {
  await browser?.close()
  await product?.[Symbol.asyncDispose]()
  if (local) rmSync(local, { recursive: true, force: true })
}, 60_000)

const inServer = (at: string): string => path.join(product.dataDirectory, 'agent/volumes', server, 'data-1', at)
const textOf = (at: string): string | undefined => {
  try {
    return readFileSync(inServer(at), 'utf8')
  } catch {
    // Not there yet, which is what the caller wants to know.
    return undefined
  }
}
const becomes = (at: string, text: string) => until(async () => textOf(at) === text, 15_000, `${at} holds the text`)
const row = (name: string): Locator =>
  page.locator('.hy-file-row').filter({ has: page.getByText(name, { exact: true }) })
const openList = (query = ''): Promise<unknown> => page.goto(`/servers/${server.slice(0, 8)}/files${query}`)
async function command(name: string, what: string): Promise<void> {
  await row(name)
    .getByRole('button', { name: `Actions for ${name}` })
    .click()
  await page.getByRole('menuitem', { name: what, exact: true }).click()
}
const dialog = (): Locator => page.getByRole('dialog')

test('lists, makes, uploads files and folders, and sees what others change without being asked', async () => {
  await openList()
  await row('config').waitFor()
  await page.getByRole('button', { name: 'New', exact: true }).click()
  await page.getByRole('menuitem', { name: 'New file' }).click()
  await dialog().getByLabel('Name').fill('ops.json')
  await dialog().getByRole('button', { name: 'Create' }).click()
  await row('ops.json').waitFor()
  await page.locator('input[data-pick=files]').setInputFiles(path.join(local, 'notes.txt'))
  await row('notes.txt').waitFor()
  await page.locator('input[data-pick=folder]').setInputFiles(path.join(local, 'world'))
  await row('world').waitFor()
  await until(
    async () => textOf('world/region/r.0.0.mca')?.length === 3_000_000 && textOf('world/level.dat') === 'level',
    30_000,
    'the folder is uploaded',
  )
  await product.client.writeFile({ params: { server }, query: { path: 'by-somebody.txt' }, body: new Blob(['x']) })
  await row('by-somebody.txt').waitFor({ timeout: 10_000 })
})

test('edits a text, and shows both versions when the game wrote it meanwhile', async () => {
  await openList()
  await row('eula.txt').getByRole('link').click()
  const text = page.locator('[data-editor] .cm-content')
  await text.click()
  await page.keyboard.press('Control+End')
  await page.keyboard.type('# mine')
  await page.keyboard.press('Control+s')
  await becomes('eula.txt', 'eula=true\n# mine')
  await product.client.writeFile({ params: { server }, query: { path: 'eula.txt' }, body: new Blob(['theirs\n']) })
  await page.keyboard.type(' again')
  await page.keyboard.press('Control+s')
  await dialog().getByText('eula.txt was changed meanwhile').waitFor()
  expect(textOf('eula.txt')).toBe('theirs\n')
  await dialog().getByRole('button', { name: 'Overwrite with mine' }).click()
  await becomes('eula.txt', 'eula=true\n# mine again')
})

test('shows what a text was beside what it is, and brings back one that was deleted for good', async () => {
  await page.goto(`/servers/${server.slice(0, 8)}/files/edit?path=eula.txt`)
  await page.getByRole('button', { name: 'History', exact: true }).click()
  await dialog().getByText('This version is what the file is now.').waitFor()
  await dialog()
    .getByRole('button', { name: /saved here/ })
    .nth(2)
    .click()
  await dialog().getByRole('columnheader', { name: 'This version' }).waitFor()
  await dialog().locator('[data-kind=removed]').getByText('# mine again').waitFor()
  await dialog().getByRole('button', { name: 'Restore this version' }).click()
  await becomes('eula.txt', 'eula=true\n# mine')

  await product.client.deleteFiles({ params: { server }, body: { paths: ['eula.txt'], isPermanent: true } })
  await page.goto(`/servers/${server.slice(0, 8)}/files/trash`)
  await page.getByRole('link', { name: 'Deleted files' }).click()
  await page.getByRole('button', { name: 'Show versions: eula.txt' }).click()
  await dialog().getByText('eula=true').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Restore: eula.txt' }).click()
  await becomes('eula.txt', 'eula=true\n# mine')
  await page.getByRole('button', { name: 'Restore: eula.txt' }).waitFor({ state: 'detached' })
})

test('changes server.properties by its form; comments, order and what it does not know stay', async () => {
  await page.goto(`/servers/${server.slice(0, 8)}/files/edit?path=server.properties`)
  await page.getByLabel('Message of the day').fill('Grüß dich')
  await page.getByLabel('Message of the day').press('Tab')
  await page.getByRole('switch', { name: 'Allow list', exact: true }).click()
  await page.locator('[data-editor] .cm-content').getByText('white-list').waitFor()
  await page.getByRole('button', { name: 'Save' }).click()
  await becomes('server.properties', '# made by the game\nmotd=Gr\\u00fc\\u00df dich\nunknown-key=7\nwhite-list=true\n')
})

test('renames one and many, moves, duplicates', async () => {
  await openList()
  await command('ops.json', 'Rename')
  // The dialog chooses the name without its ending when it takes the focus; who types after that types over all.
  await dialog().getByLabel('Name').and(page.locator(':focus')).fill('operators.json')
  await dialog().getByRole('button', { name: 'Rename' }).click()
  await row('operators.json').waitFor()
  await command('operators.json', 'Duplicate')
  await dialog().getByRole('button', { name: 'Create' }).click()
  await row('operators (1).json').waitFor()
  await command('operators (1).json', 'Move')
  await dialog().getByRole('button', { name: 'config' }).click()
  await dialog().getByRole('button', { name: 'Move here' }).click()
  await row('operators (1).json').waitFor({ state: 'detached' })
  expect(textOf('config/operators (1).json')).toBe('')

  await openList('?path=plugins')
  await row('Alpha-one.jar').waitFor()
  await page.getByRole('checkbox', { name: 'Select everything' }).check()
  await page.getByRole('toolbar').getByRole('button', { name: 'Rename' }).click()
  await dialog().getByLabel('Find').fill('-one')
  await dialog().getByLabel('Put behind').fill('-2')
  await dialog().getByText('Alpha-2.jar').waitFor()
  await dialog().getByRole('button', { name: 'Rename 2' }).click()
  await row('Alpha-2.jar').waitFor()
  expect(textOf('plugins/Beta-2.jar')).toBe('jar')
})

test('packs, looks inside, unpacks one entry, downloads a file and a folder', async () => {
  await openList()
  await command('world', 'Pack')
  await dialog().getByRole('button', { name: 'Pack' }).click()
  await row('world.zip').waitFor({ timeout: 30_000 })
  await command('world.zip', 'Look inside')
  await row('world').getByRole('link').click()
  await row('level.dat').getByRole('checkbox').check()
  await page.getByRole('button', { name: 'Unpack 1 entry' }).click()
  await dialog().getByRole('button', { name: 'config' }).click()
  await dialog().getByRole('button', { name: 'Unpack here' }).click()
  await becomes('config/world/level.dat', 'level')
  expect(textOf('config/world/region/r.0.0.mca')).toBeUndefined()

  await openList()
  for (const [name, saved] of [
    ['notes.txt', 'notes.txt'],
    ['world', 'world.zip'],
  ] as const) {
    const [download] = await Promise.all([page.waitForEvent('download'), command(name, 'Download')])
    expect(download.suggestedFilename()).toBe(saved)
    const bytes = readFileSync(await download.path())
    if (name === 'world') expect(bytes.subarray(0, 2).toString()).toBe('PK')
    else expect(bytes.toString()).toContain('needle')
  }
})

test('deletes to the trash and restores, searches, and shows what takes the room', async () => {
  await openList()
  await command('notes.txt', 'Delete')
  await row('notes.txt').waitFor({ state: 'detached' })
  await page.getByRole('link', { name: 'Trash' }).click()
  await page.getByRole('button', { name: 'Restore: notes.txt' }).click()
  await becomes('notes.txt', 'some notes with a needle in them\n')

  await openList()
  await page.getByRole('button', { name: 'Search files' }).click()
  await dialog().getByLabel('Text in files').fill('needle')
  await dialog().getByRole('button', { name: 'Search' }).click()
  await dialog().getByRole('link', { name: 'notes.txt' }).waitFor()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+k')
  await page.getByPlaceholder(/Search|Type/).fill('paper')
  await page.getByRole('option', { name: /paper\.yml/ }).click()
  await page.waitForURL(/files\/edit\?path=config/)

  await openList('?view=usage')
  await page.getByRole('row', { name: /world/ }).first().getByRole('link').waitFor()
  await page.getByRole('link', { name: 'world', exact: true }).click()
  await page.getByRole('rowheader', { name: 'region' }).waitFor()
  expect(complaints.filter((one) => !/41[0-9]|409/.test(one))).toEqual([])
})
