/**
 * Takes pictures of every page in light and dark at three widths, and runs axe on each.
 * `node --conditions=@hatchery/source test/screenshots.ts [word in the page's name]` after `vite build`.
 */
import { mkdir, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { chromium, type Page } from 'playwright-core'
import { eggs, nodes, servers } from './mock-data.ts'
import { repositories } from './mock-eggs.ts'
import { startMockPanel, type Mood } from './mock-panel.ts'

interface Shot {
  readonly name: string
  readonly path: string
  readonly mood?: Mood
  readonly isSignedOut?: boolean
  readonly act?: (page: Page) => Promise<void>
}
const at = (index: number): string => servers[index]?.shortId ?? ''
const SHOTS: readonly Shot[] = [
  { name: 'sign-in', path: '/sign-in', isSignedOut: true },
  { name: 'dashboard', path: '/' },
  { name: 'dashboard-empty', path: '/', mood: 'empty' },
  { name: 'dashboard-error', path: '/', mood: 'error' },
  { name: 'dashboard-loading', path: '/', mood: 'slow' },
  { name: 'dashboard-member', path: '/', mood: 'member' },
  { name: 'create', path: `/servers/new?egg=${eggs[0]?.id}` },
  { name: 'console', path: `/servers/${at(0)}` },
  { name: 'console-installing', path: `/servers/${at(4)}` },
  { name: 'console-eula', path: `/servers/${at(7)}` },
  { name: 'console-crashed', path: `/servers/${at(6)}` },
  { name: 'console-held', path: `/servers/${at(8)}` },
  { name: 'console-not-isolated', path: `/servers/${at(11)}` },
  { name: 'files', path: `/servers/${at(0)}/files` },
  { name: 'files-chosen', path: `/servers/${at(0)}/files`, act: chooseFiles },
  { name: 'files-menu', path: `/servers/${at(0)}/files`, act: (page) => openFileMenu(page) },
  { name: 'files-many', path: `/servers/${at(0)}/files?path=many`, act: toLastFile },
  { name: 'files-empty', path: `/servers/${at(0)}/files`, mood: 'empty' },
  { name: 'files-error', path: `/servers/${at(0)}/files`, mood: 'error' },
  { name: 'files-loading', path: `/servers/${at(0)}/files`, mood: 'slow' },
  { name: 'files-upload', path: `/servers/${at(0)}/files`, act: uploadFiles },
  { name: 'files-conflict', path: `/servers/${at(0)}/files`, act: uploadTaken },
  { name: 'files-rename', path: `/servers/${at(0)}/files`, act: (page) => pressOnFile(page, 'F2') },
  { name: 'files-move', path: `/servers/${at(0)}/files`, act: (page) => commandOnFile(page, 'Move') },
  { name: 'files-mode', path: `/servers/${at(0)}/files`, act: (page) => commandOnFile(page, 'Permissions') },
  { name: 'files-search', path: `/servers/${at(0)}/files`, act: searchFiles },
  { name: 'files-usage', path: `/servers/${at(0)}/files?view=usage` },
  { name: 'files-usage-empty', path: `/servers/${at(0)}/files?view=usage`, mood: 'empty' },
  { name: 'files-archive', path: `/servers/${at(0)}/files?view=browse&path=world.zip` },
  {
    name: 'files-archive-inside',
    path: `/servers/${at(0)}/files?view=browse&path=world.zip&inside=world`,
    act: chooseFiles,
  },
  { name: 'files-archive-member', path: `/servers/${at(0)}/files/edit?path=world.zip&member=readme.txt` },
  { name: 'files-compressed', path: `/servers/${at(0)}/files/edit?path=logs/2026-11-20-1.log.gz` },
  { name: 'files-pull', path: `/servers/${at(0)}/files?do=pull`, act: typeAddress },
  { name: 'files-link', path: `/servers/${at(0)}/files?do=symlink` },
  { name: 'files-checksum', path: `/servers/${at(0)}/files`, act: (page) => commandOnFile(page, 'Checksum', 11) },
  { name: 'files-rename-many', path: `/servers/${at(0)}/files`, act: renameMany },
  { name: 'files-palette', path: `/servers/${at(0)}/files`, act: findInPalette },
  { name: 'editor-form', path: `/servers/${at(0)}/files/edit?path=server.properties`, act: changeInForm },
  { name: 'files-trash', path: `/servers/${at(0)}/files/trash` },
  { name: 'files-lost', path: `/servers/${at(0)}/files/lost` },
  { name: 'files-lost-empty', path: `/servers/${at(0)}/files/lost`, mood: 'empty' },
  {
    name: 'files-lost-versions',
    path: `/servers/${at(0)}/files/lost`,
    act: (page) =>
      page
        .getByRole('button', { name: /^Show versions/ })
        .first()
        .click(),
  },
  { name: 'files-trash-empty', path: `/servers/${at(0)}/files/trash`, mood: 'empty' },
  { name: 'editor', path: `/servers/${at(0)}/files/edit?path=eula.txt`, act: typeInEditor },
  { name: 'editor-changed', path: `/servers/${at(0)}/files/edit?path=eula.txt`, act: saveInEditor },
  { name: 'editor-history', path: `/servers/${at(0)}/files/edit?path=eula.txt`, act: openHistory },
  { name: 'editor-history-empty', path: `/servers/${at(0)}/files/edit?path=eula.txt`, mood: 'empty', act: openHistory },
  { name: 'editor-binary', path: `/servers/${at(0)}/files/edit?path=world.db` },
  { name: 'startup', path: `/servers/${at(0)}/startup` },
  { name: 'server-users', path: `/servers/${at(0)}/users` },
  {
    name: 'give-access',
    path: `/servers/${at(0)}/users`,
    act: (page) => page.locator('main header .hy-button[data-variant=primary]').click(),
  },
  { name: 'server-activity', path: `/servers/${at(0)}/activity` },
  { name: 'settings', path: `/servers/${at(0)}/settings` },
  {
    name: 'settings-crashes',
    path: `/servers/${at(0)}/settings`,
    act: (page) => page.getByRole('button', { name: 'Save crash settings' }).scrollIntoViewIfNeeded(),
  },
  { name: 'account', path: '/account' },
  { name: 'security', path: '/account/security' },
  {
    name: 'connect',
    path: `/servers/${at(0)}/files`,
    act: (page) => openDialog(page, 'Connect by SFTP', 'dl'),
  },
  {
    name: 'connect-empty',
    path: `/servers/${at(0)}/files`,
    mood: 'empty',
    act: (page) => openDialog(page, 'Connect by SFTP', 'dl'),
  },
  { name: 'ssh-key-add', path: '/account/security', act: (page) => openDialog(page, 'Add SSH key', 'textarea') },
  { name: 'ssh-key-import', path: '/account/security', act: importKeys },
  { name: 'app-password', path: '/account/security', act: createAppPassword },
  { name: 'api-keys', path: '/account/api-keys' },
  { name: 'api-key-limited', path: '/account/api-keys', act: limitKey },
  { name: 'users', path: '/admin/users' },
  { name: 'nodes', path: '/admin/nodes' },
  { name: 'nodes-empty', path: '/admin/nodes', mood: 'empty' },
  { name: 'node', path: `/admin/nodes/${nodes[0]?.id}` },
  {
    name: 'node-waiting',
    path: `/admin/nodes/${nodes[4]?.id}`,
    act: (page) => page.locator('main .hy-button[data-variant=primary]').first().click(),
  },
  { name: 'node-orphans', path: `/admin/nodes/${nodes[0]?.id}`, act: toEnd },
  {
    name: 'node-rotating',
    path: `/admin/nodes/${nodes[1]?.id}`,
    act: (page) => page.locator('main section').nth(2).scrollIntoViewIfNeeded(),
  },
  { name: 'adopt', path: `/servers/new?egg=${eggs[0]?.id}&node=${nodes[0]?.id}&adopt=${servers[0]?.id}&name=Lost` },
  {
    name: 'user-edit',
    path: '/admin/users',
    act: (page) => page.locator('main tbody button').first().click(),
  },
  { name: 'locations', path: '/admin/locations' },
  { name: 'eggs', path: '/admin/eggs' },
  { name: 'egg', path: `/admin/eggs/${eggs[0]?.id}` },
  { name: 'egg-files', path: `/admin/eggs/${eggs[0]?.id}`, act: openFiles },
  {
    name: 'egg-update',
    path: `/admin/eggs/${eggs[0]?.id}`,
    act: (page) => page.locator('main header .hy-button').first().click(),
  },
  {
    name: 'egg-export',
    path: `/admin/eggs/${eggs[0]?.id}`,
    act: (page) => page.locator('main header .hy-button').nth(1).click(),
  },
  { name: 'eggs-empty', path: '/admin/eggs', mood: 'empty' },
  { name: 'import', path: '/admin/eggs', act: importEgg },
  { name: 'import-start', path: '/admin/eggs', act: openImport },
  { name: 'import-many', path: '/admin/eggs', act: importMany },
  { name: 'repositories', path: '/admin/egg-repositories' },
  { name: 'repositories-empty', path: '/admin/egg-repositories', mood: 'empty' },
  {
    name: 'repository-add',
    path: '/admin/egg-repositories',
    act: (page) => page.locator('main header .hy-button[data-variant=primary]').click(),
  },
  { name: 'repository', path: `/admin/egg-repositories/${repositories[0]?.id}` },
  { name: 'repository-chosen', path: `/admin/egg-repositories/${repositories[0]?.id}`, act: chooseEggs },
  { name: 'repository-egg', path: `/admin/egg-repositories/${repositories[0]?.id}`, act: showEgg },
  {
    name: 'repository-updates',
    path: `/admin/egg-repositories/${repositories[0]?.id}`,
    act: (page) => page.locator('main header .hy-button').first().click(),
  },
  { name: 'repository-failed', path: `/admin/egg-repositories/${repositories[1]?.id}` },
  { name: 'repository-syncing', path: `/admin/egg-repositories/${repositories[2]?.id}` },
  { name: 'activity', path: '/admin/activity' },
  { name: 'palette', path: '/', act: (page) => page.keyboard.press('Control+k') },
  { name: 'not-found', path: '/no/such/page' },
]
const WIDTHS = [
  [360, 740],
  [768, 1024],
  [1440, 900],
] as const
const THEMES = ['light', 'dark'] as const
const OUT = process.env['SHOTS_DIR'] ?? '/tmp/ui-shots'

async function toEnd(page: Page): Promise<void> {
  await page.locator('main section').last().scrollIntoViewIfNeeded()
  await page.mouse.wheel(0, 5000)
}
async function chooseFiles(page: Page): Promise<void> {
  for (const index of [1, 3, 4]) await page.locator('.hy-files input[type=checkbox]').nth(index).check()
}
async function pressOnFile(page: Page, key: string): Promise<void> {
  await page.locator('.hy-files').focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press(key)
}
async function typeAddress(page: Page): Promise<void> {
  await page.locator('.hy-dialog input[type=url]').fill('https://files.example/mods/Bluemap%205.4.jar')
}
async function renameMany(page: Page): Promise<void> {
  for (const index of [10, 11, 12, 14]) await page.locator('.hy-files input[type=checkbox]').nth(index).check()
  await page.getByRole('button', { name: 'Rename', exact: true }).click()
  await page.locator('.hy-dialog input').first().fill('-')
  await page.locator('.hy-dialog input').nth(1).fill(' ')
}
async function findInPalette(page: Page): Promise<void> {
  await page.keyboard.press('Control+k')
  await page.locator('.hy-dialog input').fill('motd')
  await page.locator('.hy-dialog [role=option]').first().waitFor()
}
async function changeInForm(page: Page): Promise<void> {
  await page.locator('[data-key=pvp] [role=switch], [data-key=white-list] [role=switch]').first().click()
}
async function commandOnFile(page: Page, name: string, row = 2): Promise<void> {
  await openFileMenu(page, row)
  await page.getByRole('menuitem', { name }).click()
}
async function openFileMenu(page: Page, row = 2): Promise<void> {
  await page.locator('.hy-file-row button[data-icon]').nth(row).click()
  await page.locator('.hy-menu').waitFor()
}
async function searchFiles(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Search files' }).click()
  await page.locator('.hy-dialog input').first().fill('motd')
  await page.keyboard.press('Enter')
  await page.locator('.hy-dialog section').waitFor()
}
async function toLastFile(page: Page): Promise<void> {
  await page.locator('.hy-files').focus()
  await page.keyboard.press('End')
}
const someFile = (name: string, bytes: number) => ({
  name,
  mimeType: 'application/octet-stream',
  buffer: Buffer.alloc(bytes),
})
async function uploadFiles(page: Page): Promise<void> {
  await page
    .locator('input[data-pick=files]')
    .setInputFiles([someFile('world.zip', 9_000_000), someFile('plugin.jar', 400_000), someFile('ops.json', 200)])
}
async function uploadTaken(page: Page): Promise<void> {
  await page.locator('input[data-pick=files]').setInputFiles([someFile('eula.txt', 20), someFile('old-eula.txt', 20)])
}
async function typeInEditor(page: Page): Promise<void> {
  await page.locator('[data-editor] .cm-content').click()
  await page.keyboard.type('# one more line\n')
}
async function saveInEditor(page: Page): Promise<void> {
  await typeInEditor(page)
  await page.keyboard.press('Control+s')
  await page.locator('.hy-dialog').waitFor()
}
async function limitKey(page: Page): Promise<void> {
  await page.locator('main .hy-button[data-variant=primary]').first().click()
  await page.locator('.hy-dialog input[type=radio]').last().check()
  await page.locator('.hy-dialog fieldset .hy-button').first().click()
}

async function openDialog(page: Page, button: string, content: string): Promise<void> {
  await page.getByRole('button', { name: button, exact: true }).click()
  await page.locator(`.hy-dialog ${content}`).first().waitFor()
}
async function importKeys(page: Page): Promise<void> {
  await openDialog(page, 'Add SSH key', 'textarea')
  await page.locator('.hy-dialog input[type=radio]').last().check()
}
async function createAppPassword(page: Page): Promise<void> {
  await openDialog(page, 'Create app password', 'form')
  await page.locator('.hy-dialog input').first().fill('FileZilla')
  await page.locator('.hy-dialog [type=submit]').click()
  await page.locator('.hy-dialog code').waitFor()
}

async function openImport(page: Page): Promise<void> {
  await page.locator('main .hy-button[data-variant=primary]').first().click()
  await page.locator('.hy-dialog textarea').waitFor()
}
const eggFile = (name: string, text: string) => ({ name, mimeType: 'application/json', buffer: Buffer.from(text) })
async function importEgg(page: Page): Promise<void> {
  await openImport(page)
  await page.locator('.hy-dialog input[type=file]').setInputFiles(eggFile('egg-paper.json', '{"name": "Paper"}'))
}
async function importMany(page: Page): Promise<void> {
  await openImport(page)
  await page
    .locator('.hy-dialog input[type=file]')
    .setInputFiles([
      eggFile('egg-paper.json', '{"name": "Paper"}'),
      eggFile('egg-terraria-with-quite-a-long-name-of-its-file-that-does-not-fit.json', '{}'),
      eggFile('notes.json', 'trouble'),
      eggFile('egg-terraria-2.yaml', 'name: Terraria'),
    ])
}
async function openFiles(page: Page): Promise<void> {
  const summaries = page.locator('main details > summary')
  await summaries.nth(0).click()
  await summaries.nth(1).click()
  await page.locator('main details table').waitFor()
  await summaries.nth(0).scrollIntoViewIfNeeded()
}
async function chooseEggs(page: Page): Promise<void> {
  for (const index of [0, 1, 2]) await page.locator('main input[type=checkbox]').nth(index).check()
}
async function showEgg(page: Page): Promise<void> {
  await page.locator('main li[data-state=available] button').first().click()
}

const require = createRequire(import.meta.url)
const axe = await readFile(require.resolve('axe-core/axe.min.js'), 'utf8')
const wanted = process.argv[2] ?? ''
const onlyWidth = Number(process.argv[3] ?? 0)
const onlyTheme = process.argv[4]
await rm(OUT, { recursive: true, force: true })
await mkdir(OUT, { recursive: true })
const panel = await startMockPanel()
const browser = await chromium.launch({
  executablePath: process.env['HATCHERY_CHROMIUM'] ?? '/usr/bin/chromium',
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
let problems = 0
const report = (line: string): void => {
  problems += 1
  console.log(line)
}
try {
  for (const theme of THEMES.filter((one) => !onlyTheme || one === onlyTheme)) {
    for (const [width, height] of WIDTHS.filter(([one]) => !onlyWidth || one === onlyWidth)) {
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: theme,
        reducedMotion: 'reduce',
        locale: 'en-GB',
        hasTouch: width < 1000,
        bypassCSP: false,
      })
      const page = await context.newPage()
      const label = { current: '' }
      let wasDisturbed = false
      page.on('console', (message) => {
        if (message.type() === 'error' && !wasDisturbed && !/Failed to (load resource|fetch)/.test(message.text()))
          report(`${label.current}: console: ${message.text().slice(0, 300)}`)
      })
      // Other programs on the machine make and remove networks; the browser then drops what it is loading.
      page.on('requestfailed', (request) => (wasDisturbed ||= request.failure()?.errorText !== 'net::ERR_ABORTED'))
      page.on('pageerror', (error) => wasDisturbed || report(`${label.current}: page error: ${error.message}`))
      page.on('request', (request) => {
        if (!request.url().startsWith(panel.url) && !/^(data|blob):/.test(request.url()))
          report(`${label.current}: third party: ${request.url()}`)
      })
      for (const shot of SHOTS.filter(({ name }) => name.includes(wanted))) {
        label.current = `${shot.name}-${width}-${theme}`
        panel.mood = shot.mood ?? 'full'
        await context.clearCookies()
        if (!shot.isSignedOut) await context.addCookies([{ name: 'mock', value: '1', url: panel.url }])
        for (let attempt = 0; attempt < 4; attempt += 1) {
          wasDisturbed = false
          await page.goto(panel.url + shot.path)
          wasDisturbed ||= await page
            .locator('h1')
            .first()
            .waitFor({ timeout: 8000 })
            .then(
              () => false,
              () => true,
            )
          await page.waitForTimeout(shot.path.startsWith('/servers/') ? 900 : 450)
          if (!wasDisturbed) break
        }
        await shot.act?.(page)
        if (shot.act) await page.waitForTimeout(500)
        await page.screenshot({ path: `${OUT}/${label.current}.png` })
        const overflow = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        )
        if (overflow > 0) {
          const wide = await page.evaluate(() =>
            [...document.querySelectorAll('main *')]
              .filter(
                (element) =>
                  element.getBoundingClientRect().right > document.documentElement.clientWidth + 1 &&
                  !element.closest('.hy-log, [class*=overflow-x]'),
              )
              .slice(0, 4)
              .map((element) => element.outerHTML.slice(0, 120)),
          )
          report(`${label.current}: ${overflow} px too wide: ${wide.join(' ')}`)
        }
        // In the page's own world, so that the page's CSP does not matter for the tool.
        const violations = await page.evaluate(
          async ([source]) => {
            // oxlint-disable-next-line typescript/no-implied-eval -- axe comes as text and runs in the page, not here
            const run = new Function(`${source}; return axe`) as () => {
              run(
                context: unknown,
                options: unknown,
              ): Promise<{ violations: { id: string; nodes: { target: unknown[]; failureSummary: string }[] }[] }>
            }
            const result = await run().run(document, {
              runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
            })
            return result.violations.map(
              ({ id, nodes: found }) =>
                `${id}: ${found
                  .map(
                    (node) =>
                      `${String(node.target[0])} (${node.failureSummary.split('\n').slice(1, 2).join('').trim().slice(0, 140)})`,
                  )
                  .slice(0, 3)
                  .join('; ')}`,
            )
          },
          [axe],
        )
        for (const violation of violations) report(`${label.current}: axe ${violation}`)
      }
      await context.close()
    }
  }
} finally {
  await browser.close()
  await panel.close()
}
console.log(problems === 0 ? 'No problem found.' : `${problems} problems.`)
process.exitCode = problems === 0 ? 0 : 1

async function openHistory(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'History' }).click()
  await page.getByRole('dialog').waitFor()
}
