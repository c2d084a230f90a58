import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { describe, expect, test, vi } from 'vitest'
import { corpusRoot, corpusRows, hasCorpus } from '../eggs/corpus.test-data.ts'
import { eggCommand } from './egg-command.ts'

// Each test starts processes.
vi.setConfig({ testTimeout: 60_000 })

const main = fileURLToPath(new URL('main.ts', import.meta.url))
const fixtures = fileURLToPath(new URL('../../test/fixtures/eggs/', import.meta.url))

interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The command as a process of its own, as `npx @hatchery/core egg …` starts it. */
function egg(argv: readonly string[], { input = '', cwd = fixtures } = {}): Promise<Run> {
  const child = spawn(process.execPath, ['--conditions=@hatchery/source', main, 'egg', ...argv], { cwd })
  const run = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (run.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (run.stderr += text))
  child.stdin.end(input)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, ...run }))
  })
}

/** The command in this process, where nothing but its words matters. */
async function inProcess(argv: readonly string[]): Promise<Run> {
  const run = { stdout: '', stderr: '' }
  const stdout = { write: (text: string) => (run.stdout += text) }
  const stderr = { write: (text: string) => (run.stderr += text) }
  const code = await eggCommand(argv, { stdin: Readable.from([]), stdout, stderr, env: {}, now: () => 0 })
  return { code, ...run }
}

interface Line {
  readonly file: string
  readonly status: string
  readonly [key: string]: unknown
}
const linesOf = ({ stdout }: Run): Line[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)

/** A folder of its own that goes away with the test. */
async function folderWith(files: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'hatchery-egg-'))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true })
    await writeFile(path.join(folder, name), text)
  }
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}

const small = (more: object = {}) =>
  JSON.stringify({
    meta: { version: 'PTDL_v2' },
    name: 'Small',
    startup: './run',
    docker_images: { One: 'example/one:1' },
    config: { startup: '{"done":"up"}', stop: 'stop', files: '{}', logs: '{}' },
    scripts: { installation: { script: 'true', container: 'debian:12', entrypoint: 'bash' } },
    ...more,
  })

describe('egg inspect', () => {
  test('tells a person what the egg holds', async () => {
    const { code, stdout } = await egg(['inspect', 'teeworlds-ptdl-v2.json'])
    expect(code).toBe(0)
    expect(stdout).toContain('teeworlds-ptdl-v2.json  Teeworlds (PTDL_v2)\n')
    expect(stdout).toContain('  image      Teeworlds 0.7: ')
    expect(stdout).toMatch(/^ {2}variable {3}\w+ = /m)
    expect(stdout).not.toContain('\u001B')
  })

  test('gives a machine one object per line, the egg included', async () => {
    const lines = linesOf(await egg(['inspect', '--json', 'arena-plcn-v3.yaml', 'quarry-calagopus.json']))
    expect(lines).toMatchObject([
      { file: 'arena-plcn-v3.yaml', status: 'clean', format: 'PLCN_v3', egg: { name: 'Arena' }, diagnostics: [] },
      { file: 'quarry-calagopus.json', status: 'clean', format: 'calagopus', diagnostics: [] },
    ])
  })

  test('lets no egg steer the terminal', async () => {
    const { stdout } = await egg(['inspect', '-'], { input: small({ name: 'A\u001B]0;owned\u0007\nB\u202E' }) })
    expect(stdout.split('\n')[0]).toBe('-  A\\u001b]0;owned\\u0007⏎B\\u202e (PTDL_v2)')
  })
})

describe('egg lint', () => {
  test('ends with 0 where nothing is found, 1 with findings, 2 where a file is not readable', async () => {
    const runs = await Promise.all([
      egg(['lint', 'proxy-plcn-v1.json']),
      egg(['lint', 'proxy-plcn-v1.json', 'teeworlds-ptdl-v2.json']),
      egg(['lint', 'broken-comma.json', 'teeworlds-ptdl-v2.json']),
      egg(['lint', 'no-such-file.json']),
    ])
    expect(runs.map(({ code }) => code)).toEqual([0, 1, 2, 2])
    expect(runs[2]?.stdout).toMatch(/^broken-comma\.json {2}not readable\n {2}error {3}EGG_SYNTAX .*line 4/)
    expect(runs[3]?.stdout).toContain('FILE_UNREADABLE')
  })

  test('leaves out what is less than the level', async () => {
    const { code, stdout } = await egg(['lint', '--level', 'error', 'teeworlds-ptdl-v2.json'])
    expect([code, stdout.includes('EGG_')]).toEqual([0, false])
  })

  test('reads standard input', async () => {
    const [line] = linesOf(await egg(['lint', '--json', '-'], { input: small({ docker_images: {} }) }))
    expect(line).toMatchObject({ file: '-', status: 'findings', name: 'Small' })
    expect(line?.['findings']).toContainEqual(expect.objectContaining({ code: 'EGG_NO_IMAGE', pointer: '/images' }))
  })

  test('goes through folders and passes over what is no egg', async () => {
    await using made = await folderWith({
      'a/one.json': small(),
      'a/deep/two.yaml': 'meta:\n  version: PTDL_v2\nname: Two\n',
      'package.json': '{"name":"eggs"}',
      'future.json': '{"meta":{"version":"PLCN_v99"},"name":"x"}',
      'notes.txt': 'no egg',
      '.git/x.json': '{',
      'node_modules/x.json': '{',
    })
    const run = await egg(['lint', '--json', '.'], { cwd: made.folder })
    expect(run.code).toBe(2)
    expect(linesOf(run).map(({ file, status }) => [file, status])).toEqual([
      ['a/deep/two.yaml', 'findings'],
      ['a/one.json', 'clean'],
      ['future.json', 'unreadable'],
      ['package.json', 'skipped'],
    ])
    const { stdout } = await egg(['lint', '.'], { cwd: made.folder })
    expect(stdout).toContain('4 files: 1 clean, 1 with findings, 1 not readable, 1 skipped: no eggs\n')
  })

  test('--fix corrects what needs no decision in the file itself, and only that', async () => {
    const scripts = (script: string) => ({
      scripts: { installation: { script, container: 'example/install:1', entrypoint: 'sh' } },
    })
    const asPanelsWrite = (more: object) => JSON.stringify(JSON.parse(small(more)), null, 4)
    await using made = await folderWith({
      'a.json': asPanelsWrite({ ...scripts('echo 1\r\necho 2\r\n'), docker_images: { One: 'example/one' } }),
      'old.json': small({ meta: { version: 'PTDL_v1' }, ...scripts('echo 1\r\n') }),
    })
    const run = await egg(['lint', '--fix', '--json', '.'], { cwd: made.folder })
    expect(run.code).toBe(1)
    expect(linesOf(run)).toMatchObject([
      { file: 'a.json', status: 'findings', fixed: 1 },
      { file: 'old.json', status: 'findings', fixed: 0 },
    ])
    const after = await readFile(path.join(made.folder, 'a.json'), 'utf8')
    expect(JSON.parse(after)).toMatchObject({
      meta: { version: 'PTDL_v2' },
      docker_images: { One: 'example/one' },
      scripts: { installation: { script: 'echo 1\necho 2\n' } },
    })
    expect(linesOf(await egg(['lint', '--json', 'a.json'], { cwd: made.folder }))[0]).toMatchObject({
      findings: [{ code: 'EGG_IMAGE_TAG' }],
    })
  })

  test('a file that was named is never passed over', async () => {
    await using made = await folderWith({ 'package.json': '{"name":"eggs"}' })
    expect((await egg(['lint', 'package.json'], { cwd: made.folder })).code).toBe(2)
  })

  test('reads patterns by itself, each file once', async () => {
    const lines = linesOf(await egg(['lint', '--json', '**/arena-*.{json,yaml}', 'arena-plcn-v3.[j]son']))
    expect(lines.map(({ file }) => file)).toEqual(['arena-plcn-v3.json', 'arena-plcn-v3.yaml'])
  })

  test.skipIf(!hasCorpus)('reads every published egg, one line each', async () => {
    const run = await egg(['lint', '--json', corpusRoot])
    const lines = linesOf(run)
    const rows = corpusRows()
    expect(run.code).toBe(2)
    expect(lines).toHaveLength(rows.length)
    expect(lines.filter(({ status }) => status === 'unreadable')).toHaveLength(
      rows.filter(({ valid }) => !valid).length,
    )
    expect(lines.filter(({ status }) => status === 'skipped')).toEqual([])
  })
})

describe('egg convert', () => {
  test('writes the egg to standard output and what is lost to standard error', async () => {
    const { code, stdout, stderr } = await egg(['convert', 'arena-plcn-v3.json', '--to', 'ptdl_v2'])
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ meta: { version: 'PTDL_v2' }, name: 'Arena' })
    expect(stderr).toContain('arena-plcn-v3.json  Arena (PLCN_v3) → PTDL_v2\n')
    expect(stderr).toMatch(/^ {2}lost \w+ \/\w+/m)
  })

  test('a file in its own format comes out as it went in, without a word', async () => {
    const run = await egg(['convert', 'arena-plcn-v3.yaml', '--to', 'PLCN_v3', '--yaml'])
    const [before, after] = await Promise.all(
      [egg(['inspect', '--json', 'arena-plcn-v3.yaml']), egg(['inspect', '--json', '-'], { input: run.stdout })].map(
        async (inspected) => linesOf(await inspected)[0]?.['egg'],
      ),
    )
    expect([run.code, run.stderr]).toEqual([0, ''])
    expect(after).toMatchObject({ name: 'Arena', variables: (before as { variables: unknown }).variables })
  })

  test('writes folders, keeps places and names, and replaces nothing unasked', async () => {
    await using made = await folderWith({ 'in/a/one.json': small(), 'in/two.json': small({ name: 'Two' }) })
    const convert = (...more: string[]) =>
      egg(['convert', 'in', '--to', 'PLCN_v3', '--yaml', '--out', 'out', ...more], { cwd: made.folder })
    const first = await convert('--json')
    expect([first.code, first.stderr]).toEqual([0, ''])
    expect(linesOf(first).map(({ output, to }) => [output, to])).toEqual([
      ['out/a/one.yaml', 'PLCN_v3'],
      ['out/two.yaml', 'PLCN_v3'],
    ])
    expect(linesOf(await egg(['inspect', '--json', 'out'], { cwd: made.folder }))).toMatchObject([
      { file: 'out/a/one.yaml', format: 'PLCN_v3' },
      { file: 'out/two.yaml', egg: { name: 'Two' } },
    ])
    const second = await convert()
    expect([second.code, second.stderr.includes('--force')]).toEqual([64, true])
    expect((await convert('--force')).code).toBe(0)
  })
})

describe('egg diff', () => {
  test('ends with 0 where nothing changes and 1 where something does', async () => {
    await using made = await folderWith({
      'old.json': small(),
      'same.json': small(),
      'new.json': small({ startup: './go' }),
    })
    const same = await egg(['diff', 'old.json', 'same.json'], { cwd: made.folder })
    expect([same.code, same.stdout]).toEqual([0, 'Nothing changes.\n'])
    const changed = await egg(['diff', 'old.json', 'new.json'], { cwd: made.folder })
    expect(changed.code).toBe(1)
    expect(changed.stdout).toContain('      - ./run\n      + ./go\n\n1 change\n')
    const [line] = linesOf(await egg(['diff', '--json', 'old.json', 'new.json'], { cwd: made.folder }))
    expect(line).toMatchObject({
      old: 'old.json',
      new: 'new.json',
      status: 'findings',
      changes: [{ area: 'startup', before: './run', after: './go', effect: 'next-start' }],
    })
  })

  test('says which of the two is not readable', async () => {
    const { code, stdout } = await egg(['diff', 'arena-plcn-v3.json', 'broken-quote.yaml'])
    expect(code).toBe(2)
    expect(stdout).toMatch(/^broken-quote\.yaml {2}not readable\n/)
    expect(stdout).not.toContain('arena')
  })
})

describe('called wrongly', () => {
  test.each([
    [['lint']],
    [['lint', '--nope', 'x.json']],
    [['lint', '--level', 'loud', 'x.json']],
    [['lint', 'nothing-like-*.json']],
    [['lint', '--fix', '-']],
    [['diff', 'arena-plcn-v3.json']],
    [['convert', 'arena-plcn-v3.json']],
    [['convert', 'arena-plcn-v3.json', '--to', 'PTDL_v2', '--yaml']],
    [['convert', '.', '--to', 'PTDL_v2']],
    [['hatch', 'x.json']],
  ])('%j ends with 64 and reads nothing', async (argv) => {
    const { code, stdout, stderr } = await inProcess(argv)
    expect([code, stdout]).toEqual([64, ''])
    expect(stderr).toContain('--help')
  })

  test('as a process too', async () => {
    expect((await egg(['lint'])).code).toBe(64)
  })
})

test.each(['inspect', 'lint', 'convert', 'diff'])('egg %s --help tells its options and exit codes', async (verb) => {
  const { code, stdout } = await inProcess([verb, '--help'])
  expect([code, stdout.includes('Exit codes: 0')]).toEqual([0, true])
})
