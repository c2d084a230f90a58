import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { patchConfigFile } from './patch-config-file.ts'
import type { ConfigParser } from './replacement.ts'

const read = (name: string): string =>
  readFileSync(new URL(`../../../test/fixtures/config/${name}`, import.meta.url), 'utf8')

interface RealFile {
  readonly name: string
  readonly parser: ConfigParser
  /** As an egg writes it. */
  readonly find: Readonly<Record<string, unknown>>
  /** What becomes what, in the text; everything else must stay as it is. */
  readonly changes: readonly (readonly [string, string])[]
}

const FILES: readonly RealFile[] = [
  {
    name: 'server.properties',
    parser: 'properties',
    find: {
      'server-ip': '0.0.0.0',
      'server-port': '25566',
      'query.port': 25_566,
      'enable-query': true,
      motd: 'A §aMinecraft§r Server',
      'level-type': 'minecraft:flat',
      'max-players': { 20: '50', 10: '5' },
      'level-name': { nothing: 'else' },
      'rcon.password': 'pä ss=#!\\',
    },
    changes: [
      ['server-ip=', 'server-ip=0.0.0.0'],
      ['server-port=25565', 'server-port=25566'],
      ['query.port=25565', 'query.port=25566'],
      ['enable-query=false', 'enable-query=true'],
      ['level-type=minecraft\\:normal', 'level-type=minecraft:flat'],
      ['max-players=20', 'max-players=50'],
      ['rcon.password=', 'rcon.password=p\\u00e4 ss=#!\\\\'],
    ],
  },
  {
    name: 'spigot.yml',
    parser: 'yaml',
    find: {
      'settings.bungeecord': 'true',
      'settings.restart-on-crash': false,
      'settings.timeout-time': '120',
      'settings.restart-script': 'yes',
      'settings.attribute.maxHealth.max': '4096',
      'messages.unknown-command': "What's that?",
      'messages.restart': 'Back "soon"',
      'players.disable-saving': true,
      'world-settings.*.entity-tracking-range.players': '64',
      'world-settings.default.view-distance': '10',
      'advancements.disabled[0]': 'none',
      'settings.new-key': '007',
    },
    changes: [
      ['bungeecord: false', 'bungeecord: true'],
      ['restart-on-crash: true', 'restart-on-crash: false'],
      ['timeout-time: 60', 'timeout-time: 120'],
      ['restart-script: ./start.sh', 'restart-script: "yes"'],
      ['max: 2048.0', 'max: 4096'],
      [`'Unknown command. Type "/help" for help.'`, `'What''s that?'`],
      ['"Server is restarting"', '"Back \\"soon\\""'],
      ['disable-saving: false # keeps', 'disable-saving: true # keeps'],
      ['players: 48', 'players: 64'],
      ['view-distance: default', 'view-distance: "10"'],
      ['- minecraft:story/disabled', '- none'],
      ['      max: 4096\n', '      max: 4096\n  new-key: "007"\n'],
    ],
  },
  {
    name: 'bukkit.yml',
    parser: 'yaml',
    find: {
      'settings.connection-throttle': -1,
      'spawn-limits.monsters': '50',
      'other-limits': 'none',
      'worlds.nether.monsters': '3',
      notes: 'one line',
      folded: 'c',
    },
    changes: [
      ['connection-throttle: 4000', 'connection-throttle: -1'],
      ['monsters: 70', 'monsters: 50'],
      ['other-limits: *limits', 'other-limits: none'],
      ['animals: 5\n', 'animals: 5\n        monsters: 3\n'],
      ['notes: |\n    one\n    two\n', 'notes: one line\n'],
      ['folded: >-\n    a\n    b\n', 'folded: c\n'],
    ],
  },
  {
    name: 'velocity.toml',
    parser: 'toml',
    find: {
      bind: '0.0.0.0:25577',
      motd: 'My "proxy"\n<two>',
      'online-mode': 'false',
      'show-max-players': '100',
      'servers.lobby': '10.0.0.2:25565',
      'servers.try[1]': 'survival',
      'servers.survival': '10.0.0.3:25565',
      'advanced.connection-timeout': '7000',
      'query.map': "it's",
      'query.enabled': { false: true },
      'brand.new': '1',
    },
    changes: [
      ['bind = "0.0.0.0:25565"', 'bind = "0.0.0.0:25577"'],
      ['"<#09add3>A Velocity Server"', '"My \\"proxy\\"\\n<two>"'],
      ['online-mode = true ', 'online-mode = false '],
      ['show-max-players = 500', 'show-max-players = 100'],
      ['lobby = "127.0.0.1:30066"', 'lobby = "10.0.0.2:25565"'],
      ['  "factions",\n]\n', '  "survival",\n]\nsurvival = "10.0.0.3:25565"\n'],
      ['connection-timeout = 5_000', 'connection-timeout = 7000'],
      ["map = 'Velocity'", 'map = "it\'s"'],
      ['enabled = false', 'enabled = true'],
      ['map = "it\'s"\n', 'map = "it\'s"\n\n[brand]\nnew = 1\n'],
    ],
  },
  {
    name: 'serverconfig.xml',
    parser: 'xml',
    find: {
      "ServerSettings.property[@name='ServerName'].@value": 'Tom & "Jerry"',
      "property[@name='ServerPort']": "[value='26910']",
      "ServerSettings.property[@name='Nobody'].@value": 'x',
      'ServerSettings.Welcome': 'Hi & <i>you</i>',
      'ServerSettings.Limits.MaxPlayers': '16',
      'ServerSettings.Limits.Empty': '1 < 2',
      'ServerSettings.Limits.Added': 'true',
    },
    changes: [
      ['value="My Game Host"', 'value="Tom &amp; &quot;Jerry&quot;"'],
      ['value="26900"', 'value="26910"'],
      ['<![CDATA[Hello & <b>welcome</b>]]>', '<![CDATA[Hi & <i>you</i>]]>'],
      ['<MaxPlayers>8<', '<MaxPlayers>16<'],
      ['<Empty/>', '<Empty>1 &lt; 2</Empty>\n\t\t<Added>true</Added>'],
    ],
  },
  {
    name: 'PalWorldSettings.ini',
    parser: 'ini',
    find: {
      '[/Script/Pal.PalGameWorldSettings].OptionSettings':
        '(Difficulty=Hard,ServerName="Ours; really",PublicPort=8300)',
    },
    changes: [
      [
        '(Difficulty=None,DayTimeSpeedRate=1.000000,ServerPlayerMaxNum=32,ServerName="Default Palworld Server",AdminPassword="",PublicPort=8211)',
        '(Difficulty=Hard,ServerName="Ours; really",PublicPort=8300)',
      ],
    ],
  },
  {
    name: 'GameUserSettings.ini',
    parser: 'ini',
    find: {
      'ServerSettings.ServerPassword': 'secret',
      'ServerSettings.PerLevelStatsMultiplier_Player[1]': '3.0',
      'SessionSettings.SessionName': 'Our ;) place',
      'SessionSettings.QueryPort': 27_016,
      '[/Script/Engine.GameSession].MaxPlayers': '20',
      'ServerSettings.BattleEye': 'False',
      '[/script/shootergame.shootergameusersettings].Quoted Key': '2',
      'New Section.Key': 'v',
    },
    changes: [
      ['ServerPassword=\n', 'ServerPassword=secret\n'],
      ['Player[1]=2.0', 'Player[1]=3.0'],
      ['SessionName=ARK #1 ; shown', 'SessionName=Our ;) place ; shown'],
      ['QueryPort = 27015', 'QueryPort = 27016'],
      ['MaxPlayers=70', 'MaxPlayers=20'],
      ['ActiveMods=889745138\n', 'ActiveMods=889745138\nBattleEye=False\n'],
      ['"Quoted Key"=1\n', '"Quoted Key"=2\n\n[New Section]\nKey=v\n'],
    ],
  },
  {
    name: 'server.cfg',
    parser: 'file',
    find: {
      endpoint_add_tcp: 'endpoint_add_tcp "0.0.0.0:30125"',
      endpoint_add_udp: 'endpoint_add_udp "0.0.0.0:30125"',
      sv_hostname: 'sv_hostname "Ours"',
      sv_maxclients: 'sv_maxclients 64',
      'set steam_webApiKey': 'set steam_webApiKey "none"\nset mysql_connection ""',
      sv_endpointprivacy: 'sv_endpointprivacy true',
    },
    changes: [
      ['endpoint_add_tcp "0.0.0.0:30120"', 'endpoint_add_tcp "0.0.0.0:30125"'],
      ['endpoint_add_udp "0.0.0.0:30120"', 'endpoint_add_udp "0.0.0.0:30125"'],
      ['sv_hostname "FXServer, but unconfigured"', 'sv_hostname "Ours"'],
      ['sv_maxclients 48', 'sv_maxclients 64'],
      ['set steam_webApiKey ""\n', 'set steam_webApiKey "none"\nset mysql_connection ""\n'],
    ],
  },
  {
    name: 'settings.json',
    parser: 'json',
    find: {
      'network.port': '2402',
      'game.name': 'Ours',
      'game.visible': 'false',
      'game.ratio': '1.5',
      'game.maxPlayers': { 64: '32' },
      'game.admins[0]': '76561198000000002',
      'game.owner': '76561198000000002',
      'game.mods[0].id': '5',
      'log.level': 'debug',
    },
    changes: [
      ['"port": 2302', '"port": 2402'],
      ['"name": "Arena"', '"name": "Ours"'],
      ['"visible": true', '"visible": false'],
      ['"maxPlayers": 64', '"maxPlayers": 32'],
      ['"76561198000000001",', '"76561198000000002",'],
      ['"owner": 76561198000000001', '"owner": 76561198000000002'],
      ['"mods": []', '"mods": [\n            {\n                "id": 5\n            }\n        ]'],
      ['"log.level": "info"', '"log.level": "debug"'],
    ],
  },
]

const crlf = (text: string) => text.replaceAll('\n', '\r\n')

describe.each(FILES)('$name', ({ name, parser, find, changes }) => {
  const before = read(name)
  const after = changes.reduce((text, [from, to]) => {
    if (text.split(from).length !== 2) throw new Error(`${from} does not stand exactly once in ${name}`)
    return text.replace(from, () => to)
  }, before)

  test('only the wanted values change', async () => {
    expect(await patchConfigFile(parser, before, find)).toBe(after)
  })

  test('a second run changes nothing', async () => {
    expect(await patchConfigFile(parser, after, find)).toBe(after)
  })

  test('line ends of Windows and a byte order mark stay', async () => {
    expect(await patchConfigFile(parser, `\uFEFF${crlf(before)}`, find)).toBe(`\uFEFF${crlf(after)}`)
  })

  test('a missing end of line at the end of the file stays missing', async () => {
    expect(await patchConfigFile(parser, before.trimEnd(), find)).toBe(after.trimEnd())
  })

  test('an empty file can be filled, and stays as it is then', async () => {
    // A wildcard finds nothing in an empty file, but may in one that the other replacements have filled.
    const plain = Object.fromEntries(Object.entries(find).filter(([match]) => !match.includes('*')))
    const made = await patchConfigFile(parser, '', plain)
    expect(await patchConfigFile(parser, made, plain)).toBe(made)
  })
})
