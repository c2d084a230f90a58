// `npm test`: everything that this machine can run, group by group. At the end it says what was skipped and why.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { stripVTControlCharacters } from 'node:util'

interface Group {
  readonly name: string
  readonly argv: readonly string[]
  /** Why it cannot run here; null when it can. */
  readonly missing: string | null
}

interface Result {
  readonly name: string
  readonly passed: number
  readonly failed: number
  readonly seconds: number
}

const root = path.resolve(import.meta.dirname, '..')
const isCi = Boolean(process.env['HATCHERY_CI'])
const wanted = process.argv.slice(2)
const skipped: string[] = []
/** What no install step could bring to this machine: said, but no failure, because nobody can mend it here. */
const unavailable: string[] = []

/** Tests whose keys and clients are those of OpenSSH itself. */
const OPENSSH_TESTS = ['**/src/ssh/**', '**/src/ssh-access/**', '**/src/ssh-keys/**']
const hasOpenSsh = (process.env['PATH'] ?? '')
  .split(path.delimiter)
  .some((directory) => existsSync(path.join(directory, 'ssh-keygen')))

const excluded = hasOpenSsh ? [] : OPENSSH_TESTS.map((pattern) => `--exclude=${pattern}`)
const vitest = (...args: string[]) => [path.join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...excluded, ...args]

const docker = await answers({ path: '/var/run/docker.sock' })
const chromium = process.env['HATCHERY_CHROMIUM'] ?? '/usr/bin/chromium'
const browser = existsSync(chromium) ? null : `no Chromium at ${chromium}; set HATCHERY_CHROMIUM`
const engine = docker ? null : 'no Docker engine answers at /var/run/docker.sock'

const groups: readonly Group[] = [
  { name: 'core', argv: vitest('--project', 'core'), missing: null },
  { name: 'panel', argv: vitest('--project', 'panel'), missing: null },
  { name: 'daemon', argv: vitest('--project', 'daemon'), missing: null },
  { name: 'scripts', argv: vitest('--project', 'scripts'), missing: null },
  { name: 'ui-vue', argv: vitest('--project', 'ui-vue'), missing: null },
  { name: 'end to end', argv: vitest('--project', 'e2e'), missing: browser ?? engine },
]

if (!process.env['HATCHERY_TEST_POSTGRES']) skip('PostgreSQL', 'HATCHERY_TEST_POSTGRES is not set')
if (!process.env['HATCHERY_TEST_MYSQL']) skip('MySQL/MariaDB', 'HATCHERY_TEST_MYSQL is not set')
if (!process.env['HATCHERY_TEST_REDIS']) skip('Redis', 'HATCHERY_TEST_REDIS is not set')
if (!hasOpenSsh) skip('SSH and its keys', 'no ssh-keygen; install the OpenSSH client')
if (!docker) skip('Docker', 'no Docker engine answers at /var/run/docker.sock')
if (!existsSync(process.env['HATCHERY_EGGS'] ?? path.join(root, '../shared/eggs'))) {
  skip('egg corpus', 'neither HATCHERY_EGGS nor ../shared/eggs exists')
}

const results: Result[] = []
for (const group of groups) {
  if (wanted.length > 0 && !wanted.includes(group.name)) continue
  if (group.missing) {
    skip(group.name, group.missing)
    continue
  }
  console.log(`\n── ${group.name} ${'─'.repeat(Math.max(0, 70 - group.name.length))}`)
  results.push(await run(group))
}

console.log('\n── Summary ──────────────────────────────────────────────────────────────')
for (const { name, passed, failed, seconds } of results) {
  console.log(
    `${failed > 0 ? '✘' : '✔'} ${name.padEnd(12)} ${String(passed).padStart(5)} passed  ${failed} failed  ${seconds.toFixed(0)} s`,
  )
}
for (const line of new Set(skipped)) console.log(`○ skipped: ${line}`)
for (const line of new Set(unavailable)) console.log(`○ not run, because it is not to be had here: ${line}`)

const passed = sum(results.map((result) => result.passed))
const failed = sum(results.map((result) => result.failed)) + (isCi ? new Set(skipped).size : 0)
if (isCi && skipped.length > 0) console.log('A skipped group is a failure here, because HATCHERY_CI is set.')
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0

function skip(group: string, why: string): void {
  skipped.push(`${group} (${why})`)
}

async function run({ name, argv }: Group): Promise<Result> {
  const started = Date.now()
  const report = path.join(mkdtempSync(path.join(os.tmpdir(), 'hatchery-test-')), 'report.json')
  const code = await new Promise<number>((resolve) => {
    const child = spawn(
      process.execPath,
      [...argv, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
      {
        cwd: root,
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    let rest = ''
    child.stdout.on('data', (data: Buffer) => {
      process.stdout.write(data)
      const lines = (rest + data.toString()).split('\n')
      rest = lines.pop() ?? ''
      for (const coloured of lines) {
        const line = stripVTControlCharacters(coloured)
        const found = /^skipped: (.*)$/.exec(line.trim())
        if (found) skipped.push(found[1]!)
        const lacking = /^not to be had here: (.*)$/.exec(line.trim())
        if (lacking) unavailable.push(lacking[1]!)
      }
    })
    child.on('exit', (status) => resolve(status ?? 1))
  })
  const seconds = (Date.now() - started) / 1000
  if (!existsSync(report)) return { name, passed: 0, failed: 1, seconds }
  const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8')) as {
    numPassedTests: number
    numFailedTests: number
  }
  // A file that could not be loaded fails the run without failing a test.
  return { name, passed: numPassedTests, failed: numFailedTests || (code === 0 ? 0 : 1), seconds }
}

function answers(target: { readonly path: string }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(target)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
