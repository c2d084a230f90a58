// Installs each example outside of the repository, from packed tarballs, and runs it as its reader would.
// Needs the built packages (`npm run build`).
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { startProduct } from '../test/product.ts'

const root = path.resolve(import.meta.dirname, '..')
const directory = mkdtempSync(path.join(os.tmpdir(), 'hatchery-examples-'))
const PACKAGES = ['core', 'panel', 'daemon'] as const

try {
  const tarballs = packAll()
  eggsOnly(install('eggs-only', tarballs))
  embedPanel(install('embed-panel', tarballs))
  hatcheryCommand(install('embed-panel', tarballs, 'command'))
  await sdkBot(install('sdk-bot', tarballs))
  console.log('Every example runs from the packed packages.')
} finally {
  rmSync(directory, { recursive: true, force: true })
}

function packAll(): Readonly<Record<string, string>> {
  const target = path.join(directory, 'tarballs')
  mkdirSync(target)
  return Object.fromEntries(
    PACKAGES.map((name) => {
      const folder = path.join(root, 'packages', name)
      const [packed] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', target], folder)) as [
        { filename: string; size: number; entryCount: number },
      ]
      console.log(`packed ${packed.filename}: ${packed.entryCount} files, ${Math.round(packed.size / 1024)} KiB`)
      return [`@hatchery/${name}`, `file:${path.join(target, packed.filename)}`]
    }),
  )
}

/** A copy of an example whose @hatchery packages are the tarballs. */
function install(example: string, tarballs: Readonly<Record<string, string>>, as = example): string {
  const folder = path.join(directory, as)
  cpSync(path.join(root, 'examples', example), folder, {
    recursive: true,
    filter: (source) => !source.includes('node_modules'),
  })
  const file = path.join(folder, 'package.json')
  const described = JSON.parse(readFileSync(file, 'utf8')) as { dependencies: Record<string, string> }
  const dependencies = Object.fromEntries(
    Object.entries(described.dependencies).map(([name, range]) => [name, tarballs[name] ?? range]),
  )
  // What the packages need of each other comes from the same place.
  writeFileSync(file, JSON.stringify({ ...described, dependencies, overrides: tarballs }, null, 2))
  run('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline'], folder)
  return folder
}

function eggsOnly(folder: string): void {
  const egg = path.join(root, 'test/eggs/egg-minetest.json')
  const output = run('node', ['index.js', egg, 'PLCN_v3'], folder)
  if (!output.includes('image ')) throw new Error(`eggs-only did not describe the egg:\n${output}`)
  const written = JSON.parse(readFileSync(path.join(folder, 'PLCN_v3.json'), 'utf8')) as { meta: { version: string } }
  if (written.meta.version !== 'PLCN_v3') throw new Error(`eggs-only wrote ${written.meta.version}, not PLCN_v3.`)
  const broken = path.join(folder, 'broken.json')
  writeFileSync(broken, '{"meta":')
  const { status } = spawnSync('node', ['index.js', broken], { cwd: folder })
  if (status !== 2) throw new Error(`eggs-only ended with ${status} for a file that is no egg; 2 was promised.`)
  console.log('eggs-only: ok')
}

function embedPanel(folder: string): void {
  const output = run('npm', ['run', 'check'], folder)
  if (!output.includes('neither disturbs the other')) throw new Error(`embed-panel:\n${output}`)
  console.log('embed-panel: ok')
}

/** The command line that the panel's package brings. */
function hatcheryCommand(folder: string): void {
  const output = run('node', [path.join('node_modules', '.bin', 'hatchery'), 'panel', '--help'], folder)
  if (!output.includes('HATCHERY_INTERNAL_URL')) throw new Error(`hatchery:\n${output}`)
  console.log('hatchery --help: ok')
}

async function sdkBot(folder: string): Promise<void> {
  await using product = await startProduct({ args: ['--demo', '--runtime', 'process'] })
  const { data: eggs } = await product.client.listEggs({ query: { limit: 100 } })
  const egg = eggs.find(({ name }) => name === 'Demo chat server')
  if (!egg) throw new Error('The demo has imported no egg.')
  const bot = spawn('node', ['bot.js', egg.id, '600'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, HATCHERY_URL: product.url, HATCHERY_KEY: product.apiKey },
  })
  try {
    await prints(bot, ['Created Made by a bot', 'Installation: succeeded', '> ', 'The server is running.'])
  } finally {
    bot.kill()
  }
  console.log('sdk-bot: ok')
}

/** Settles when all of these were printed, in any order. */
function prints(child: ChildProcess, texts: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = ''
    const fail = (reason: string) => reject(new Error(`The bot ${reason}:\n${output}`))
    const late = setTimeout(() => fail('did not print what was expected within two minutes'), 120_000)
    const take = (data: Buffer) => {
      output += data.toString()
      if (!texts.every((text) => output.includes(text))) return
      clearTimeout(late)
      resolve()
    }
    child.stdout?.on('data', take)
    child.stderr?.on('data', take)
    child.once('exit', (code) => {
      clearTimeout(late)
      fail(`ended with code ${code}`)
    })
  })
}

function run(command: string, argv: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, argv, { cwd, encoding: 'utf8' })
  if (status === 0) return stdout
  throw new Error(`${command} ${argv.join(' ')} ended with code ${status} in ${cwd}:\n${stdout}\n${stderr}`)
}
