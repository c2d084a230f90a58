import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseDocument } from 'yaml'
import { patchConfigFile } from './patch-config-file.ts'
import { ConfigPatchError, type ConfigReplacement } from './replacement.ts'

const set = (match: string, value: unknown, ifValue: string | null = null): ConfigReplacement => ({
  match,
  value,
  ifValue,
})
const crlf = (text: string) => text.replaceAll('\n', '\r\n')

describe('file', () => {
  test('exchanges lines that begin with the match and appends nothing', async () => {
    expect(await patchConfigFile('file', 'a = 1\n a = 2\nb = 3', [set('a =', 'a = 9'), set('c', 'c = 1')])).toBe(
      'a = 9\n a = 2\nb = 3',
    )
  })

  test('of two prefixes the longer one counts', async () => {
    const text = 'serverPassword=\r\nserverPasswordAdmin=\r\n'
    const rules = [set('serverPassword', 'serverPassword=a'), set('serverPasswordAdmin', 'serverPasswordAdmin=b')]
    expect(await patchConfigFile('file', text, rules)).toBe('serverPassword=a\r\nserverPasswordAdmin=b\r\n')
  })

  test('an empty match means every other line', async () => {
    expect(await patchConfigFile('file', 'a\nb\n', [set('', 'x'), set('b', 'B')])).toBe('x\nB\n')
  })

  test('a value of several lines takes the line ends of the file', async () => {
    expect(await patchConfigFile('file', 'a\r\nb\r\n', [set('a', '1\n2')])).toBe('1\r\n2\r\nb\r\n')
  })
})

describe('properties', () => {
  const text =
    '#Minecraft server properties\n#Mon Jan 01\nserver-port=25565\n\n! note\nmotd=A \\u00a7 B\nlevel-name : world\nlist=a,\\\n  b\n'

  test('changes values in place and keeps comments, order and separators', async () => {
    const rules = [
      set('server-port', '25566'),
      set('level-name', 'nether'),
      set('list', 'c'),
      set('query.port', 25_566),
      set('white-list', true),
    ]
    expect(await patchConfigFile('properties', text, rules)).toBe(
      '#Minecraft server properties\n#Mon Jan 01\nserver-port=25566\n\n! note\nmotd=A \\u00a7 B\nlevel-name : nether\nlist=c\nquery.port=25566\nwhite-list=true\n',
    )
  })

  test('leaves a line alone that already has its value', async () => {
    expect(await patchConfigFile('properties', text, [set('motd', 'A § B')])).toBe(text)
  })

  test('sets a value only where the condition holds', async () => {
    expect(
      await patchConfigFile(
        'properties',
        'a=127.0.0.1\nb=1.2.3.4\n',
        ['a', 'b', 'c'].map((key) => set(key, '0.0.0.0', '127.0.0.1')),
      ),
    ).toBe('a=0.0.0.0\nb=1.2.3.4\n')
  })

  test('what was written reads back the same', async () => {
    const value = fc.string({ unit: 'grapheme' })
    await fc.assert(
      fc.asyncProperty(
        value.filter((key) => key.trim() !== ''),
        value,
        async (key, wanted) => {
          const once = await patchConfigFile('properties', '# c\nx=1\n', [set(key, wanted)])
          expect(await patchConfigFile('properties', once, [set(key, 'seen', wanted)])).toContain('seen')
          expect(once.startsWith('# c\n')).toBe(true)
        },
      ),
    )
  })
})

describe('ini', () => {
  const text =
    '; top\n[network]\nport = 1 ; why\nname=A #1 server\n\n[/Script/Game.Settings]\nPassword=\n\n[last]\nx=1\n'

  test('finds sections with dots, keeps comments, ends sections with new keys', async () => {
    const rules = [
      set('network.port', '3979'),
      set('network.name', 'B'),
      set('network.lan', '1'),
      set('[/Script/Game.Settings].Password', 'a;b'),
      set('new.key', 'v'),
      set('bare', 'top'),
    ]
    expect(await patchConfigFile('ini', crlf(text), rules)).toBe(
      crlf(
        '; top\nbare=top\n[network]\nport = 3979 ; why\nname=B\nlan=1\n\n[/Script/Game.Settings]\nPassword=a;b\n\n[last]\nx=1\n\n[new]\nkey=v\n',
      ),
    )
  })

  test('a new file gets its section', async () => {
    expect(await patchConfigFile('ini', '', [set('a.b', '1'), set('a.c', '2')])).toBe('[a]\nb=1\nc=2\n')
  })

  test('conditions compare with the value', async () => {
    expect(await patchConfigFile('ini', '[a]\nb=1\n', [set('a.b', '2', '1'), set('a.c', '2', '1')])).toBe('[a]\nb=2\n')
  })
})

describe('json', () => {
  test('the type of what stands there decides, comments and layout stay', async () => {
    const text =
      '{\n  // port\n  "port": 1,\n  "text": "1",\n  "flag": true,\n  "none": null,\n  "list": [{"host": "a"}]\n}\n'
    const rules = [
      set('port', '25565'),
      set('text', '25565'),
      set('flag', 'false'),
      set('none', '5'),
      set('list[0].host', 'b'),
    ]
    expect(await patchConfigFile('json', text, rules)).toBe(
      '{\n  // port\n  "port": 25565,\n  "text": "25565",\n  "flag": false,\n  "none": 5,\n  "list": [{"host": "b"}]\n}\n',
    )
  })

  test('makes what is missing, with the indentation of the file', async () => {
    const text = '{\n\t"a": {\n\t\t"b": 1\n\t}\n}'
    expect(await patchConfigFile('json', text, [set('a.c.d', 'x'), set('list[0].n', '1')])).toBe(
      '{\n\t"a": {\n\t\t"b": 1,\n\t\t"c": {\n\t\t\t"d": "x"\n\t\t}\n\t},\n\t"list": [\n\t\t{\n\t\t\t"n": 1\n\t\t}\n\t]\n}',
    )
  })

  test('a file on one line stays on one line, an empty one becomes a map', async () => {
    expect(await patchConfigFile('json', '{"a":1}', [set('b', 'x')])).toBe('{"a":1,"b":"x"}')
    expect(JSON.parse(await patchConfigFile('json', '', [set('a.b', '1'), set('c', true)]))).toEqual({
      a: { b: 1 },
      c: true,
    })
    expect(await patchConfigFile('json', '\uFEFF{"a":1}', [set('a', '2')])).toBe('\uFEFF{"a":2}')
  })

  test('a wildcard means every child, a number a place in a list', async () => {
    const text = '{"s": {"x": {"v": 1}, "y": {"v": 2}}, "l": [1, 2]}'
    expect(await patchConfigFile('json', text, [set('s.*.v', '9'), set('l.1', '7')])).toBe(
      '{"s": {"x": {"v": 9}, "y": {"v": 9}}, "l": [1, 7]}',
    )
  })

  test('a broken file is refused, not emptied', async () => {
    for (const text of ['{"a": 1', '{"a" 1}', 'nope', '{"a": "\\q"}', '['.repeat(100_000)]) {
      await expect(patchConfigFile('json', text, [set('a', '2')])).rejects.toThrow(ConfigPatchError)
    }
  })

  test('only the wanted value changes, whatever the file', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), fc.jsonValue()),
        fc.stringMatching(/^[a-z]{1,4}$/),
        fc.string(),
        async (data, key, value) => {
          for (const indent of [0, 2]) {
            const patched: unknown = JSON.parse(
              await patchConfigFile('json', JSON.stringify(data, null, indent), [set(key, `${value}x`)]),
            )
            expect(patched).toEqual({ ...(JSON.parse(JSON.stringify(data)) as object), [key]: `${value}x` })
          }
        },
      ),
    )
  })
})

describe('yaml', () => {
  const proxy = [
    '# proxy',
    'listeners:',
    '- query_port: 25577 # port',
    "  motd: '&1Another server'",
    '  host: 0.0.0.0:25577',
    '  query_enabled: false',
    'servers:',
    '  lobby:',
    '    address: localhost:25565',
    '  far:',
    '    address: "example.com:1"',
    '',
  ].join('\n')
  const localhost = 'regex:^(127\\.0\\.0\\.1|localhost)(:\\d{1,5})?$'

  test('does what the proxy eggs ask for, and nothing else', async () => {
    const rules = [
      set('listeners[0].query_port', '25565'),
      set('listeners[0].host', '0.0.0.0:25565'),
      set('listeners[0].query_enabled', true),
      set('servers.*.address', '{{config.docker.interface}}$2', localhost),
    ]
    const wanted = proxy
      .replace('25577 #', '25565 #')
      .replace('host: 0.0.0.0:25577', 'host: 0.0.0.0:25565')
      .replace('enabled: false', 'enabled: true')
      .replace('localhost', '172.18.0.1')
    expect(await patchConfigFile('yaml', proxy, rules, { dockerInterface: '172.18.0.1' })).toBe(wanted)
    expect(await patchConfigFile('yaml', crlf(proxy), rules, { dockerInterface: '172.18.0.1' })).toBe(crlf(wanted))
  })

  test('what the agent does not give away stays as it is', async () => {
    const rules = [set('a', '{{config.token}}'), set('b', '{{config.docker.interface}}')]
    expect(await patchConfigFile('yaml', 'a: x\nb: y\n', rules)).toBe(
      'a: "{{config.token}}"\nb: "{{config.docker.interface}}"\n',
    )
  })

  test('adds entries in the place and style of the file', async () => {
    const text = 'a:\n    b: 1 # one\n\n# tail\nc: {}\nd:\nl: [1, 2]\n'
    expect(
      await patchConfigFile('yaml', text, [set('a.n', 'x'), set('c.k', 'v'), set('d.e', '1'), set('l.1', '3')]),
    ).toBe('a:\n    b: 1 # one\n    n: x\n\n# tail\nc: {k: v}\nd:\n  e: 1\nl: [1, 3]\n')
    expect(await patchConfigFile('yaml', '', [set('a.b', '1')])).toBe('a:\n  b: 1\n')
  })

  test('a text that a YAML 1.1 reader would misread is quoted', async () => {
    expect(
      await patchConfigFile('yaml', 'a: x\nb: x\nc: x\nd: x\n', [
        set('a', 'yes'),
        set('b', '1:30'),
        set('c', 'on'),
        set('new', 'no'),
        set('d', '5'),
      ]),
    ).toBe('a: "yes"\nb: "1:30"\nc: "on"\nd: "5"\nnew: "no"\n')
  })

  test('quotes stay, block texts and anchors survive', async () => {
    const text = 's: \'a\'\nd: "a"\nb: |\n  one\n  two\nx: &x 1\ny: *x\n'
    expect(
      await patchConfigFile('yaml', text, [set('s', "it's"), set('d', 'b"c'), set('b', 'three'), set('x', '2')]),
    ).toBe("s: 'it''s'\nd: \"b\\\"c\"\nb: three\nx: &x 2\ny: *x\n")
  })

  test('a broken file is refused', async () => {
    await expect(patchConfigFile('yaml', 'a: [1\n', [set('a', '2')])).rejects.toThrow(ConfigPatchError)
    await expect(patchConfigFile('yaml', '['.repeat(20_000), [set('a', '2')])).rejects.toThrow(ConfigPatchError)
  })

  test(
    'only the wanted value changes, whatever stands there and whatever is written',
    { timeout: 60_000 },
    async () => {
      const key = fc.stringMatching(/^[a-z]{1,3}$/)
      await fc.assert(
        fc.asyncProperty(
          fc.dictionary(key, fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.dictionary(key, fc.string())), {
            minKeys: 1,
          }),
          key,
          fc.string({ unit: 'grapheme' }),
          async (data, name, value) => {
            const text = `# top\n${JSON.stringify(data, null, 2)
              .split('\n')
              .slice(1, -1)
              .map((line) => line.slice(2).replace(/,$/, '').replace(/\}$/, '}'))
              .join('\n')}\n`
            const before = parseDocument(text, { logLevel: 'silent' })
            fc.pre(before.errors.length === 0)
            const wanted = `${value}x`
            const patched = await patchConfigFile('yaml', text, [set(name, wanted)])
            expect(parseDocument(patched).toJS()).toEqual({ ...(before.toJS() as object), [name]: wanted })
            expect(patched.startsWith('# top\n')).toBe(true)
          },
        ),
      )
    },
  )
})

describe('xml', () => {
  const text =
    '<?xml version="1.0"?>\n<!-- c -->\n<S>\n  <Port>1</Port> <!-- p -->\n  <Empty />\n  <G><H>a</H></G>\n  <property name="x" value="1"/>\n</S>\n'

  test('sets texts, makes what is missing, keeps the rest', async () => {
    const rules = [
      set('S.Port', '25565'),
      set('S.Empty', 'a & b'),
      set('S.G.H', 'b'),
      set('S.New.Deep', '1'),
      set('S.Port', '9', 'nope'),
    ]
    expect(await patchConfigFile('xml', crlf(text), rules)).toBe(
      crlf(
        text
          .replace('>1<', '>25565<')
          .replace('<Empty />', '<Empty>a &amp; b</Empty>')
          .replace('>a<', '>b<')
          .replace('"1"/>', '"1"/>\n  <New>\n    <Deep>1</Deep>\n  </New>'),
      ),
    )
  })

  test('sets attributes by either spelling', async () => {
    expect(await patchConfigFile('xml', '<S><a/><b k="1"/></S>', [set('S.a', "[k='<2>']"), set('S.b.@k', '3')])).toBe(
      '<S><a k="&lt;2&gt;"/><b k="3"/></S>',
    )
    expect(await patchConfigFile('xml', text, [set("S.property[@name='x'].@value", '2')])).toBe(
      text.replace('value="1"', 'value="2"'),
    )
  })

  test('a wildcard makes nothing', async () => {
    expect(await patchConfigFile('xml', '<S><a><v>1</v></a><b/></S>', [set('S.*.v', '2'), set('S.*.w', '2')])).toBe(
      '<S><a><v>2</v></a><b/></S>',
    )
  })

  test('a second run changes nothing more', async () => {
    const rules = [set('Other.Path', '1'), set('Other', 'text'), set('server.port', '2')]
    const once = await patchConfigFile('xml', '', rules)
    expect(await patchConfigFile('xml', once, rules)).toBe(once)
    expect(await patchConfigFile('xml', '', [set('server.port', '1')])).toBe('<server>\n  <port>1</port>\n</server>\n')
  })

  test('a broken file is refused', async () => {
    for (const broken of [
      '<a>',
      '<a></b>',
      '<a><b></a></b>',
      '<a b=c/>',
      '<a/><b/>',
      '<!-- <a/>',
      '<a>'.repeat(5000),
    ]) {
      await expect(patchConfigFile('xml', broken, [set('a', '1')])).rejects.toThrow(ConfigPatchError)
    }
  })
})

describe('toml', () => {
  const text =
    '# c\ntitle = "x" # t\n\n[servers]\nport = 1\nrate = 1.5\ntry = ["lobby"]\ninline = { a = 1 }\n\n[[list]]\nn = 1\n[[list]]\nn = 2\n'

  test('sets values with their type, adds keys and tables', async () => {
    const rules = [
      set('title', 'y'),
      set('servers.port', '25565'),
      set('servers.rate', '2'),
      set('servers.try[0]', 'z'),
      set('servers.inline.b', 'q'),
      set('servers.more', 'm'),
      set('list[1].n', '7'),
      set('brand.new', true),
    ]
    expect(await patchConfigFile('toml', text, rules)).toBe(
      '# c\ntitle = "y" # t\n\n[servers]\nport = 25565\nrate = 2.0\ntry = ["z"]\ninline = { a = 1, b = "q" }\nmore = "m"\n\n[[list]]\nn = 1\n[[list]]\nn = 7\n\n[brand]\nnew = true\n',
    )
  })

  test('a broken file is refused', async () => {
    for (const broken of ['a', 'a =', '[a', 'a = [1', 'a = "x']) {
      await expect(patchConfigFile('toml', broken, [set('b', '1')])).rejects.toThrow(ConfigPatchError)
    }
  })
})
