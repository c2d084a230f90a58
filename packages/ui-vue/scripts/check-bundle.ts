/**
 * Fails when a page loads more than its budget: sums the gzip size of everything a route imports statically, from the
 * build's manifest. Run after `vite build`: `node scripts/check-bundle.ts`.
 */
import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'

interface Chunk {
  readonly file: string
  readonly imports?: readonly string[]
  readonly css?: readonly string[]
}
interface Budget {
  readonly page: string
  /** Source modules of the route and what it shows at once. */
  readonly entries: readonly string[]
  readonly jsKiB: number
  readonly cssKiB: number
}

const DIST = new URL('../app-dist/', import.meta.url)
const SHELL = ['index.html', 'src/shell/AppShell.vue', 'src/i18n/en/shell.json']
const SERVER = ['src/server/ServerLayout.vue', 'src/i18n/en/server.json', 'src/i18n/en/servers.json']
const EGGS = [
  'src/shell/ConfirmHost.vue',
  'src/i18n/en/servers.json',
  'src/i18n/en/admin.json',
  'src/i18n/en/eggs.json',
]
const BUDGETS: readonly Budget[] = [
  {
    page: 'sign-in',
    entries: ['index.html', 'src/session/SignInPage.vue', 'src/i18n/en/shell.json', 'src/i18n/en/signIn.json'],
    jsKiB: 110,
    cssKiB: 20,
  },
  {
    page: 'dashboard',
    entries: [...SHELL, 'src/shell/ConfirmHost.vue', 'src/dashboard/DashboardPage.vue', 'src/i18n/en/servers.json'],
    jsKiB: 150,
    cssKiB: 25,
  },
  {
    page: 'console',
    entries: [
      ...SHELL,
      ...SERVER,
      'src/shell/ConfirmHost.vue',
      'src/server/console/ConsolePage.vue',
      'src/server/stats/StatChart.vue',
    ],
    jsKiB: 180,
    cssKiB: 25,
  },
  {
    page: 'files',
    entries: [
      ...SHELL,
      ...SERVER,
      'src/shell/ConfirmHost.vue',
      'src/files/FilesView.vue',
      'src/i18n/en/files.json',
      'src/i18n/en/fileTools.json',
    ],
    jsKiB: 190,
    cssKiB: 25,
  },
  {
    page: 'editor',
    entries: [
      ...SHELL,
      ...SERVER,
      'src/shell/ConfirmHost.vue',
      'src/files/editor/FileEditorPage.vue',
      'src/files/editor/CodeEditor.vue',
      'src/i18n/en/files.json',
    ],
    jsKiB: 330,
    cssKiB: 25,
  },
  {
    page: 'create server',
    entries: [
      ...SHELL,
      'src/shell/ConfirmHost.vue',
      'src/create-server/CreateServerPage.vue',
      'src/i18n/en/servers.json',
      'src/i18n/en/admin.json',
    ],
    jsKiB: 210,
    cssKiB: 25,
  },
  ...['eggs/EggsPage', 'eggs/EggPage', 'egg-repositories/RepositoriesPage', 'egg-repositories/RepositoryPage'].map(
    (page) => ({
      page,
      entries: [...SHELL, ...EGGS, `src/admin/${page}.vue`],
      jsKiB: 210,
      cssKiB: 25,
    }),
  ),
]
/** Libraries that would eat the budget; their names may not appear in any chunk. */
const DENIED = ['monaco', 'echarts', 'moment', 'lodash', 'zod', 'typebox', 'xterm']
const LOCALE_KIB = 15

const manifest = JSON.parse(await readFile(new URL('.vite/manifest.json', DIST), 'utf8')) as Record<string, Chunk>
const sizes = new Map<string, number>()

async function gzipBytes(file: string): Promise<number> {
  const known = sizes.get(file)
  if (known !== undefined) return known
  const size = gzipSync(await readFile(new URL(file, DIST)), { level: 9 }).length
  sizes.set(file, size)
  return size
}

/** Everything that is loaded with these modules, each file once. */
function filesOf(entries: readonly string[]): { readonly js: ReadonlySet<string>; readonly css: ReadonlySet<string> } {
  const [js, css, seen] = [new Set<string>(), new Set<string>(), new Set<string>()]
  const visit = (name: string): void => {
    if (seen.has(name)) return
    seen.add(name)
    const chunk = manifest[name]
    if (!chunk) throw new Error(`The manifest has no entry ${name}.`)
    js.add(chunk.file)
    for (const file of chunk.css ?? []) css.add(file)
    for (const next of chunk.imports ?? []) visit(next)
  }
  for (const entry of entries) visit(entry)
  return { js, css }
}

async function sumKiB(files: ReadonlySet<string>): Promise<number> {
  let sum = 0
  for (const file of files) sum += await gzipBytes(file)
  return sum / 1024
}

let failures = 0
const check = (isGood: boolean, line: string): void => {
  if (!isGood) failures += 1
  console.log(`${isGood ? 'ok  ' : 'FAIL'} ${line}`)
}
for (const { page, entries, jsKiB, cssKiB } of BUDGETS) {
  const { js, css } = filesOf(entries)
  const [jsSum, cssSum] = [await sumKiB(js), await sumKiB(css)]
  check(
    jsSum <= jsKiB && cssSum <= cssKiB,
    `${page}: ${jsSum.toFixed(1)} of ${jsKiB} KiB JS, ${cssSum.toFixed(1)} of ${cssKiB} KiB CSS (gzip)`,
  )
}
for (const [name, { file }] of Object.entries(manifest)) {
  if (/\/i18n\/[a-z]{2}\//.test(name)) {
    const size = (await gzipBytes(file)) / 1024
    if (size > LOCALE_KIB) check(false, `${name}: ${size.toFixed(1)} of ${LOCALE_KIB} KiB`)
  }
  const denied = DENIED.find((library) => name.includes(`node_modules/${library}`) || name.includes(`/@${library}/`))
  if (denied) check(false, `${name}: ${denied} has no place in the browser`)
}
const page = await readFile(new URL('index.html', DIST), 'utf8')
check(
  !/<script(?![^>]*\bsrc=)/.test(page) && !/<style|\sstyle=/.test(page),
  'index.html has no inline script and no inline style',
)
check(!/(?:src|href)="https?:/.test(page), 'index.html asks nobody else for anything')
process.exitCode = failures === 0 ? 0 : 1
