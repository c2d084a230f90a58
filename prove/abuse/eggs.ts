import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import type { Report } from './report.ts'
import { fieldsOf, HOSTILE, pick, randomFrom, withField } from './samples.ts'
import { difference, type Cast, type Stage } from './stage.ts'

const THEME = 'eggs'
const ROOT = path.resolve(import.meta.dirname, '../..')
const CORPUS = process.env['HATCHERY_EGGS'] ?? path.resolve(ROOT, '../shared/eggs')
const EGG = readFileSync(path.join(ROOT, 'packages/panel/src/nodes/test-egg.json'), 'utf8')
const HOSTILE_TEXT = '\u001b]0;x\u0007<img src=x onerror=alert(1)>\u202e'

/** Egg files that are broken, huge or meant to do harm: refused or taken as plain data, and never run here. */
export async function attackEggs(stage: Stage, cast: Cast, report: Report, tries: number): Promise<void> {
  const cookie = await stage.cookieOf(cast.admin)
  const nest = JSON.parse((await stage.json('POST', '/nests', { cookie }, { name: 'abuse' })).text) as { id: string }
  const send = async (door: 'check' | 'import', text: string, what: string, fileName?: string) => {
    const started = performance.now()
    const body = { text, ...(fileName ? { fileName } : {}), ...(door === 'import' ? { nest: nest.id } : {}) }
    const answer = await stage.json('POST', door === 'check' ? '/eggs/check' : '/eggs', { cookie }, body)
    const ms = performance.now() - started
    report.expect(
      THEME,
      answer.status < 500,
      `${door} answered ${answer.status}`,
      `${what} → ${answer.text.slice(0, 300)}`,
    )
    report.expect(THEME, ms < 3000, `${door} takes long`, `${what}: ${ms.toFixed(0)} ms`)
    return answer
  }

  for (const [what, text, fileName] of bombs()) {
    const before = await stage.ask('tables')
    for (const door of ['check', 'import'] as const) {
      const answer = await send(door, text, what, fileName)
      const isRefused =
        door === 'check' ? answer.status >= 400 || answer.text.includes('"ok":false') : answer.status >= 400
      report.expect(THEME, isRefused, 'a bomb was taken', `${what} → ${answer.text.slice(0, 200)}`)
    }
    report.expect(
      THEME,
      difference(before, await stage.ask('tables')).length === 0,
      'a refused egg changed the database',
      what,
    )
    if (!stage.isAlive) return
  }
  await mutated(send, tries)
  await hostileEggs(stage, cast, report, cookie, send)
  await consoleText(stage, cast, report)
}

type Send = (door: 'check' | 'import', text: string, what: string, fileName?: string) => ReturnType<Stage['call']>

function bombs(): readonly (readonly [string, string, string?])[] {
  const lol = Array.from({ length: 12 }, (_, index) =>
    index === 0
      ? 'a0: &a0 [x,x,x,x,x,x,x,x,x]'
      : `a${index}: &a${index} [${Array(9)
          .fill(`*a${index - 1}`)
          .join(',')}]`,
  ).join('\n')
  return [
    ['a billion laughs', `${lol}\nmeta: {version: PLCN_v1}\nname: *a11\n`, 'egg.yaml'],
    ['a YAML that holds itself', 'a: &a [*a]\nmeta: {version: PLCN_v1}\n', 'egg.yaml'],
    ['a YAML that merges itself', 'a: &a\n  <<: *a\nmeta: {version: PLCN_v1}\n', 'egg.yaml'],
    ['a YAML of code', "meta: !!js/function 'function(){return 1}'\n", 'egg.yaml'],
    ['a YAML of binary', 'meta: !!binary AAAA\nname: !!python/object/apply:os.system ["id"]\n', 'egg.yaml'],
    ['deep YAML', `${'['.repeat(50_000)}`, 'egg.yaml'],
    [
      'deep YAML by indentation',
      Array.from({ length: 2000 }, (_, index) => `${' '.repeat(index)}a:`).join('\n'),
      'egg.yaml',
    ],
    ['deep JSON', '['.repeat(100_000)],
    ['one MiB of braces', '{'.repeat(1_048_000)],
    ['more than one MiB', JSON.stringify({ ...(JSON.parse(EGG) as object), description: 'x'.repeat(1_100_000) })],
    ['four MiB', 'x'.repeat(4 * 1024 * 1024 - 1000)],
    ['more than the limit of a body', 'x'.repeat(5 * 1024 * 1024)],
    [
      '200,000 keys',
      `{"meta":{"version":"PTDL_v2"},"x":{${Array.from({ length: 90_000 }, (_, index) => `"${index}":0`).join(',')}},"y":[${'0,'.repeat(150_000)}0]}`,
    ],
    ['NUL', EGG.replace('"name": "', '"name": "a\\u0000b')],
    ['HTML', '<!doctype html><script>alert(1)</script>'],
    ['nothing', ' '],
  ]
}

/** Eggs of the field and our own with fields, bytes and lines changed by chance. */
async function mutated(send: Send, tries: number): Promise<void> {
  const random = randomFrom(5)
  const sources = [EGG]
  const manifest = path.join(CORPUS, 'manifest.json')
  if (existsSync(manifest)) {
    const { files } = JSON.parse(readFileSync(manifest, 'utf8')) as { files: { path: string }[] }
    sources.push(...pick(files, 40, random).map((file) => readFileSync(path.join(CORPUS, 'corpus', file.path), 'utf8')))
  } else console.log(`skipped: eggs of the corpus (${manifest} is not there)`)
  for (let index = 0; index < tries; index++) {
    const source = sources[Math.floor(random() * sources.length)]!
    const chars = [...source]
    const kind = index % 3
    if (kind === 0) {
      for (let hit = 0; hit < 5; hit++)
        chars[Math.floor(random() * chars.length)] = String.fromCharCode(1 + Math.floor(random() * 300))
    } else if (kind === 1) chars.splice(Math.floor(random() * chars.length), Math.floor(random() * 400))
    const text = kind === 2 ? changeField(source, random) : chars.join('')
    await send(index % 5 === 0 ? 'import' : 'check', text, `change ${index}`)
  }
}

function changeField(source: string, random: () => number): string {
  try {
    const egg: unknown = JSON.parse(source)
    const fields = fieldsOf(egg, 4)
    const field = fields[Math.floor(random() * fields.length)]!
    return JSON.stringify(withField(egg, field, HOSTILE[Math.floor(random() * HOSTILE.length)]))
  } catch {
    // YAML: cut it instead.
    return source.slice(0, Math.floor(random() * source.length))
  }
}

/** Eggs that are well formed and mean harm: servers are made from them, and what the node gets is looked at. */
async function hostileEggs(stage: Stage, cast: Cast, report: Report, cookie: string, send: Send): Promise<void> {
  const egg = JSON.parse(EGG) as Record<string, unknown> & { variables: object[] }
  const variable = (values: object) => ({
    name: 'V',
    description: '',
    env_variable: 'V',
    default_value: 'x',
    user_viewable: true,
    user_editable: true,
    rules: 'required|string',
    ...values,
  })
  const files = [
    '../../../../etc/passwd',
    '/etc/passwd',
    'a/../../../root/.ssh/authorized_keys',
    '..\\..\\x',
    'C:\\x',
    '~/.bashrc',
    '/proc/self/environ',
  ]
  const hostile: readonly (readonly [string, Record<string, unknown>])[] = [
    ['words', { name: HOSTILE_TEXT, author: HOSTILE_TEXT, description: HOSTILE_TEXT }],
    ['features', { features: ['__proto__', 'constructor', '<script>', 'x'.repeat(5000), HOSTILE_TEXT] }],
    [
      'images',
      {
        docker_images: {
          x: 'a; rm -rf /',
          y: '--privileged',
          z: '$(id)',
          '<b>': '../../x',
          w: 'http://evil.example/x',
        },
      },
    ],
    ['startup', { startup: '$(touch /tmp/abuse-ran); `id`; {{__proto__}} {{constructor.constructor("return 1")()}}' }],
    ...['(a+)+$', '([a-zA-Z]+)*$', '(', '[', '(?<=', 'a{1,99999}', '(?:(?:a*)*)*b'].map(
      (regex) =>
        [
          `done ${regex}`,
          { config: { ...(egg['config'] as object), startup: JSON.stringify({ done: `regex:${regex}` }) } },
        ] as const,
    ),
    ...[
      'regex:/(a+)+$/',
      'regex:/(x+x+)+y/',
      'regex:(',
      'in:' + 'a,'.repeat(5000),
      'max:1e999',
      '__proto__',
      'between:a,b',
      'required_if:a',
      '|'.repeat(2000),
    ].map(
      (rules) =>
        [
          `rules ${rules.slice(0, 30)}`,
          { variables: [variable({ rules, default_value: 'a'.repeat(2000) + '!' })] },
        ] as const,
    ),
    ...files.map(
      (file) =>
        [
          `file ${file}`,
          {
            config: {
              ...(egg['config'] as object),
              files: JSON.stringify({ [file]: { parser: 'file', find: { a: 'b' } } }),
            },
          },
        ] as const,
    ),
    ...['LD_PRELOAD', 'PATH', 'NODE_OPTIONS', '__proto__', 'constructor', 'A=B', 'A B', '', 'X'.repeat(500)].map(
      (name) => [`variable ${name.slice(0, 20)}`, { variables: [variable({ env_variable: name })] }] as const,
    ),
    ['25,000 variables', { variables: Array.from({ length: 25_000 }, (_, index) => ({ env_variable: `V${index}` })) }],
    ['the same variable twice', { variables: [variable({}), variable({ default_value: 'y' })] }],
  ]
  for (const [what, values] of hostile) {
    await send('check', JSON.stringify({ ...egg, ...values }), what)
    const imported = await send('import', JSON.stringify({ ...egg, name: what, ...values }), what)
    if (imported.status >= 400) continue
    const id = (JSON.parse(imported.text) as { id: string }).id
    const started = performance.now()
    const created = await stage.json(
      'POST',
      '/servers',
      { cookie },
      {
        egg: id,
        node: cast.node,
        name: 'of a hostile egg',
        owner: cast.owner.uuid,
        limits: { memoryMiB: 64, swapMiB: 0, diskMiB: 64, cpuPercent: 10, cpuPinning: null, ioWeight: 500, pids: 64 },
      },
    )
    report.expect(
      THEME,
      created.status < 500,
      `a server of a hostile egg answered ${created.status}`,
      `${what} → ${created.text.slice(0, 300)}`,
    )
    report.expect(THEME, performance.now() - started < 3000, 'a hostile egg holds the panel up', what)
    for (const path of [`/eggs/${id}`, `/eggs/${id}/source`]) {
      const read = await stage.json('GET', path, { cookie })
      report.expect(
        THEME,
        read.status === 200 &&
          String(read.headers['content-type']).startsWith('application/json') &&
          read.headers['x-content-type-options'] === 'nosniff',
        'an egg is served as a page',
        path,
      )
    }
    if (created.status < 400) {
      report.tried('servers of hostile eggs')
      const server = (JSON.parse(created.text) as { server: { id: string } }).server.id
      const begun = performance.now()
      const write = await stage.json(
        'PATCH',
        `/servers/${server}/startup`,
        { cookie },
        { variables: { V: 'a'.repeat(3000) + '!' } },
      )
      report.expect(
        THEME,
        write.status < 500 && performance.now() - begun < 3000,
        'a hostile rule holds the panel up',
        `${what} → ${write.status} ${(performance.now() - begun).toFixed(0)} ms`,
      )
      await stage.json('DELETE', `/servers/${server}`, { cookie })
    }
    await stage.json('DELETE', `/eggs/${id}`, { cookie })
    if (!stage.isAlive) return
  }
}

/** Console lines are data to the end: JSON to a program, text nodes to a page. */
async function consoleText(stage: Stage, cast: Cast, report: Report): Promise<void> {
  const cookie = await stage.cookieOf(cast.owner)
  const lines = [
    HOSTILE_TEXT,
    '\u001b[2J\u001b[31mred',
    '<script>alert(1)</script>',
    '"}],"x":[{',
    'a\u0000b',
    '\ud800',
    '\u2028\u2029',
    'x'.repeat(20_000),
  ]
  cast.agent.print(cast.server.uuid, ...lines)
  const read = await stage.json('GET', `/servers/${cast.server.uuid}/console`, { cookie })
  report.expect(
    THEME,
    read.status === 200 && String(read.headers['content-type']).startsWith('application/json'),
    'a console line broke the answer',
    read.text.slice(0, 300),
  )
  const { data } = JSON.parse(read.text) as { data: { text: string }[] }
  report.expect(
    THEME,
    data.some(({ text }) => text === HOSTILE_TEXT),
    'a console line was changed',
    JSON.stringify(data[0]),
  )
  report.expect(
    THEME,
    !read.text.includes('\u001b') && !read.text.includes('\u0000'),
    'a control character stands raw in an answer',
  )
}
