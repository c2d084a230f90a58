import { describe, expect, test } from 'vitest'
import { parseEgg } from '../parse.ts'
import { patchConfigFile } from './patch-config-file.ts'
import { readPropertiesFile } from './patch-properties.ts'
import { ConfigPatchError, type ConfigParser, type ConfigReplacement } from './replacement.ts'

const set = (match: string, value: unknown, more: Partial<ConfigReplacement> = {}): ConfigReplacement => ({
  match,
  ifValue: null,
  value,
  ...more,
})

describe('replacements', () => {
  test('may be a list of ours, a list of the daemons, or the find map of an egg', async () => {
    const text = 'a=1\nb=2\n'
    const wanted = 'a=9\nb=2\n'
    expect(await patchConfigFile('properties', text, [set('a', '9'), set('b', '8', { ifValue: '3' })])).toBe(wanted)
    expect(
      await patchConfigFile('properties', text, [
        { match: 'a', replace_with: '9' },
        { match: 'b', if_value: '3', replace_with: '8' },
      ]),
    ).toBe(wanted)
    expect(await patchConfigFile('properties', text, { a: '9', b: { 3: '8' } })).toBe(wanted)
  })

  test.each<[ConfigParser, string]>([
    ['properties', 'a=1\n'],
    ['ini', 'a=1\n'],
    ['json', '{"a":1}'],
    ['yaml', 'a: 1\n'],
    ['toml', 'a = 1\n'],
    ['xml', '<r><a>1</a></r>'],
    ['file', 'a=1\n'],
  ])('%s: insertNew and updateExisting say whether something is added or changed', async (parser, text) => {
    const path = parser === 'xml' ? 'r.' : ''
    const value = parser === 'file' ? 'a=2' : '2'
    const other = parser === 'file' ? 'c=2' : '2'
    expect(await patchConfigFile(parser, text, [set(`${path}a`, value, { updateExisting: false })])).toBe(text)
    expect(await patchConfigFile(parser, text, [set(`${path}c`, other, { insertNew: false })])).toBe(text)
    expect(await patchConfigFile(parser, text, [set(`${path}a`, value, { insertNew: false })])).not.toBe(text)
    const once = await patchConfigFile(parser, text, [set(`${path}c`, other, { insertNew: true })])
    expect(once).toContain('2')
    expect(await patchConfigFile(parser, once, [set(`${path}c`, other, { insertNew: true })])).toBe(once)
  })

  test('a parser that nobody knows is refused, yml is yaml', async () => {
    await expect(patchConfigFile('conf' as ConfigParser, '', [])).rejects.toThrow(ConfigPatchError)
    await expect(patchConfigFile('constructor' as ConfigParser, '', [])).rejects.toThrow(ConfigPatchError)
    expect(await patchConfigFile('yml', 'a: 1\n', { a: '2' })).toBe('a: 2\n')
  })

  test('a file that is too large for so many replacements is refused', async () => {
    const many = Array.from({ length: 2000 }, (_, index) => set(`k${index}`, '1'))
    for (const parser of ['file', 'properties', 'ini', 'json', 'yaml', 'xml', 'toml'] as const) {
      await expect(patchConfigFile(parser, ' '.repeat(1_000_000), many)).rejects.toThrow(ConfigPatchError)
    }
  })

  test('a path that is deeper than any file leads nowhere', async () => {
    const deep = Array.from({ length: 5000 }, () => 'a').join('.')
    expect(await patchConfigFile('json', '{"a":1}', [set(deep, 'x')])).toBe('{"a":1}')
    expect(await patchConfigFile('yaml', 'a: 1\n', [set(deep, 'x')])).toBe('a: 1\n')
    expect(await patchConfigFile('toml', 'a = 1\n', [set(deep, 'x')])).toBe('a = 1\n')
    expect(await patchConfigFile('xml', '<a/>', [set(deep, 'x')])).toBe('<a/>')
  })

  test('names of the language are names like any other', async () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      expect(await patchConfigFile('json', '{}', [set(`${name}.polluted`, 'yes')])).toContain(`"${name}"`)
      expect(await patchConfigFile('yaml', 'a: 1\n', [set(`${name}.polluted`, 'yes')])).toContain(`${name}:`)
      expect(await patchConfigFile('toml', '', [set(`${name}.polluted`, 'yes')])).toContain(`[${name}]`)
    }
    expect(({} as { polluted?: string }).polluted).toBeUndefined()
  })
})

describe('numbers', () => {
  test.each<[ConfigParser, string, string]>([
    ['json', '{"id": 76561198000000001}', '{"id": 76561198000000003}'],
    ['yaml', 'id: 76561198000000001\n', 'id: 76561198000000003\n'],
    ['toml', 'id = 76561198000000001\n', 'id = 76561198000000003\n'],
  ])('%s: a Steam id is larger than a double, and is written exactly', async (parser, before, after) => {
    expect(await patchConfigFile(parser, before, { id: '76561198000000003' })).toBe(after)
    expect(await patchConfigFile(parser, after, { id: '76561198000000003' })).toBe(after)
    expect(await patchConfigFile(parser, before, { id: '76561198000000000' })).toContain('76561198000000000')
  })

  test('what is no number for the notation stays a text', async () => {
    for (const value of ['007', '1_000', '+5', '0x10', '1.', 'NaN']) {
      expect(await patchConfigFile('json', '{"a":1}', { a: value })).toBe(JSON.stringify({ a: value }))
    }
  })
})

describe('ini', () => {
  test('a value that looks like one with a comment is not written again behind itself', async () => {
    const once = await patchConfigFile('ini', '[a]\nb=1 ; why\n', { 'a.b': 'x ;y', 'a.c': ' z # q' })
    expect(once).toBe('[a]\nb=x ;y ; why\nc=z # q\n')
    expect(await patchConfigFile('ini', once, { 'a.b': 'x ;y', 'a.c': ' z # q' })).toBe(once)
  })

  test('a comment behind an empty value stays one', async () => {
    const once = await patchConfigFile('ini', '[a]\nb = # why\nc = #\n', { 'a.b': '1;2', 'a.c': '' })
    expect(once).toBe('[a]\nb = 1;2 # why\nc = #\n')
    expect(await patchConfigFile('ini', once, { 'a.b': '1;2', 'a.c': '' })).toBe(once)
  })

  test('a key that could not be found again is put in quotes, or left out', async () => {
    expect(await patchConfigFile('ini', '', { 'a.b=c': '1' })).toBe('[a]\n"b=c"=1\n')
    expect(await patchConfigFile('ini', '', { 'a.b\nc': '1' })).toBe('')
    expect(await patchConfigFile('ini', '', { 'a]; .b': '1' })).toBe('')
  })
})

describe('yaml', () => {
  test('of several documents the first is patched, the others stay', async () => {
    expect(await patchConfigFile('yaml', '# one\n---\na: 1\n---\na: 2\n...\n', { a: '5' })).toBe(
      '# one\n---\na: 5\n---\na: 2\n...\n',
    )
  })

  test('a place that refers to an anchor gets a value of its own; the anchor stays', async () => {
    expect(await patchConfigFile('yaml', 'a: &x 1\nb: *x # why\n', { b: '2' })).toBe('a: &x 1\nb: 2 # why\n')
    expect(await patchConfigFile('yaml', 'a: &x {p: 1}\nb:\n  <<: *x\n', { 'b.p': '2' })).toBe(
      'a: &x {p: 1}\nb:\n  <<: *x\n  p: 2\n',
    )
  })

  test('an empty key is a key, and no path', async () => {
    const find = { 'a.*..b[0].c': 'x' }
    const once = await patchConfigFile('yaml', 'a:\n- b: 1\n', find)
    expect(once).toBe('a:\n- b: 1\n  "":\n    b:\n      - c: x\n')
    expect(await patchConfigFile('yaml', once, find)).toBe(once)
  })

  test('a value that is not there has its place behind its anchor', async () => {
    expect(await patchConfigFile('yaml', 'x: &y;', { nothing: { 'regex:^(.*)$': '1' }, x: '1' })).toBe('x: &y; 1')
    expect(await patchConfigFile('yaml', 'x: !!str\nz: *q', { x: '1' }).catch(String)).toContain('left as it is')
  })

  test('keys inside of keys inside of keys are refused: each level doubles the time to print them', async () => {
    const block = `a: 1\n${'? '.repeat(50)}: x\n`
    const flow = `a: 1\nb: ${'{'.repeat(50)}c${': 1}'.repeat(50)}\n`
    for (const text of [block, flow]) {
      await expect(patchConfigFile('yaml', text, { a: '2' })).rejects.toThrow(ConfigPatchError)
      expect((await parseEgg(text, { fileName: 'egg.yaml' })).egg).toBeNull()
    }
    expect(await patchConfigFile('yaml', 'a: 1\n? [x, y]\n: z\n', { a: '2' })).toBe('a: 2\n? [x, y]\n: z\n')
  })

  test('a reference to an anchor that is missing is no reason to fail', async () => {
    const text = 'a:\n- b: *q # c\nx: 1\n'
    expect(await patchConfigFile('yaml', text, { a: { 'regex:^nothing$': '1' }, y: { z: '1' } })).toBe(text)
    await expect(patchConfigFile('yaml', text, { x: '2' })).rejects.toThrow(ConfigPatchError)
  })

  test('a value that others refer to is not taken away from them', async () => {
    await expect(patchConfigFile('yaml', 'a: 1\nx: &y {z: 1}\nw: *y\n', { x: '1' })).rejects.toThrow(ConfigPatchError)
  })

  test('many replacements are one reading and one writing', { timeout: 30_000 }, async () => {
    const keys = Array.from({ length: 2000 }, (_, index) => `key-${index}`)
    const lines = (value: number) => keys.map((key) => `${key}: ${value} # ${key}\n`)
    const find = Object.fromEntries(keys.map((key) => [key, '2']))
    const half = lines(1).slice(0, 1000).join('')
    const added = keys.slice(1000).map((key) => `${key}: 2\n`)
    expect(await patchConfigFile('yaml', half, find)).toBe([...lines(2).slice(0, 1000), ...added].join(''))
  })

  test('one place that cannot be edited does not cost the others their layout', async () => {
    const text = 'a:   1\nb: {x:   1}\n? [complex, key]\n: v\nlist: [ 1,2 ]\n'
    const patched = await patchConfigFile('yaml', text, { a: '2', 'b.y.z': '3' })
    expect(patched).toContain('a:   2')
  })
})

describe('xml', () => {
  test('comments in a text stay, whatever is written around them', async () => {
    expect(await patchConfigFile('xml', '<a>\n  <b>1<!-- one --> <!-- two --></b>\n</a>', { 'a.b': '2' })).toBe(
      '<a>\n  <b>2<!-- one --><!-- two --></b>\n</a>',
    )
  })

  test('what is no name becomes no attribute', async () => {
    for (const match of ["r.p[@name='x", 'r.@1', 'r.@a b', 'r.p.@<']) {
      expect(await patchConfigFile('xml', '<r><a/></r>', [set(match, 'x')])).toBe('<r><a/></r>')
    }
    expect(await patchConfigFile('xml', '<r/>', [set('r.p', "[1='x']")])).toBe('<r/>')
  })

  test('a document type is left alone: its entities are neither read nor loaded nor expanded', async () => {
    const laughs = Array.from({ length: 30 }, (_, index) => `<!ENTITY l${index + 1} "&l${index};&l${index};">`).join(
      '\n',
    )
    const head = `<?xml version="1.0"?>\n<!DOCTYPE s [\n<!ENTITY l0 "ha <b>">\n${laughs}\n<!ENTITY x SYSTEM "file:///etc/passwd">\n<!-- ]> -->\n]>\n`
    const text = `${head}<s><p>&l30;</p><q>&x;</q><r>1</r></s>`
    expect(await patchConfigFile('xml', text, { 's.r': '2' })).toBe(text.replace('>1<', '>2<'))
    expect(await patchConfigFile('xml', text, { 's.q': { '&x;': 'seen' } })).toBe(text.replace('>&x;<', '>seen<'))
    await expect(patchConfigFile('xml', '<!DOCTYPE s [ <!ENTITY a "', { 's.r': '2' })).rejects.toThrow(ConfigPatchError)
  })

  test('a name without a prefix finds the element in any name space', async () => {
    const text = '<n:conf xmlns:n="urn:x"><n:port>1</n:port></n:conf>'
    expect(await patchConfigFile('xml', text, { 'conf.port': '2' })).toBe(text.replace('>1<', '>2<'))
    expect(await patchConfigFile('xml', text, { 'n:conf.n:port': '2' })).toBe(text.replace('>1<', '>2<'))
  })

  test('a filter in the path looks at the value of the attribute at every depth', async () => {
    const text = '<r><s n="1"><v>a</v></s><s n="2"><v>a</v></s></r>'
    expect(await patchConfigFile('xml', text, { "r.s[@n='2'].v": 'b' })).toBe(
      '<r><s n="1"><v>a</v></s><s n="2"><v>b</v></s></r>',
    )
  })
})

describe('toml', () => {
  test('a table that dotted keys have made is not opened a second time', async () => {
    expect(await patchConfigFile('toml', 'a.b = 1 # one\nc = 2\n', { 'a.d': '3' })).toBe(
      'a.b = 1 # one\na.d = 3\nc = 2\n',
    )
    expect(await patchConfigFile('toml', '[t]\na.b = 1\n', { 't.a.d': '3' })).toBe('[t]\na.b = 1\na.d = 3\n')
  })

  test('a list of tables is not turned into a table', async () => {
    const text = '[[list]]\nn = 1\n'
    expect(await patchConfigFile('toml', text, { 'list.n': '3' })).toBe(text)
    expect(await patchConfigFile('toml', text, { 'list.0.n': '3' })).toBe('[[list]]\nn = 3\n')
  })

  test('texts of several lines end at their own quotes', async () => {
    const text = 'a = """\none \\""" two\n"""\nb = \'\'\'\nraw\n\'\'\'\nc = 1\n'
    expect(await patchConfigFile('toml', text, { c: '2' })).toBe(text.replace('c = 1', 'c = 2'))
    expect(await patchConfigFile('toml', text, { a: 'x\ny' })).toBe(text.replace(/"""[\s\S]*two\n"""/, '"x\\ny"'))
  })
})

describe('properties', () => {
  test('a value of several lines, escapes and every separator are read; what is not touched stays', async () => {
    const text = 'a : 1\nb 2\nc=x\\\n   y\nk\\:e\\ y=\\u00e9\nempty\n'
    expect(await patchConfigFile('properties', text, { a: '3', b: '4', c: { xy: 'z' }, 'k:e y': { é: 'è' } })).toBe(
      'a : 3\nb 4\nc=z\nk\\:e\\ y=\\u00e8\nempty\n',
    )
  })
})

test('a properties file is read as Java reads it: escapes, continued lines, and the last of two keys', async () => {
  const text = '# a=0\r\na : 1\r\nmotd=caf\\u00e9 \\\r\n   bar\r\na=2\r\nlevel-type=minecraft\\:normal\r\nempty'
  expect([...readPropertiesFile(text)]).toEqual([
    ['a', '2'],
    ['motd', 'café bar'],
    ['level-type', 'minecraft:normal'],
    ['empty', ''],
  ])
  const patched = await patchConfigFile('properties', text, [{ match: 'motd', ifValue: null, value: 'ä = b\\' }])
  expect(readPropertiesFile(patched).get('motd')).toBe('ä = b\\')
})

test('a new property is not taken into a last line that is continued', async () => {
  const once = await patchConfigFile('properties', 'b : 2\\', { a: 'x' })
  expect(once).toBe('b : 2\\\n\na=x')
  expect(await patchConfigFile('properties', once, { a: 'x' })).toBe(once)
})

describe('file', () => {
  test('a value of several lines is not repeated at every start', async () => {
    const once = await patchConfigFile('file', 'set a\nb\n', { 'set a': 'set a 1\nset c 2' })
    expect(once).toBe('set a 1\nset c 2\nb\n')
    expect(await patchConfigFile('file', once, { 'set a': 'set a 1\nset c 2' })).toBe(once)
    const blank = await patchConfigFile('file', 'x', { '': '\n' })
    expect(await patchConfigFile('file', blank, { '': '\n' })).toBe(blank)
  })
})
