/** A way in which the egg that this library reads is deliberately not what a panel's importer makes of the same file. */
export interface PanelDifference {
  readonly panels: readonly ('pterodactyl' | 'pelican')[]
  /** The key in the file. */
  readonly where: string
  readonly theirs: string
  readonly ours: string
  readonly why: string
  /** Whether a difference is of this kind. `key` has no indexes: `variables.sort`. */
  readonly allows: (key: string, ours: unknown, theirs: unknown) => boolean
}

const BOTH = ['pterodactyl', 'pelican'] as const
const isNothing = (value: unknown): boolean => value === undefined || value === null
const isEmpty = (value: unknown): boolean =>
  isNothing(value) || value === '' || (Array.isArray(value) && value.length === 0)

/**
 * The deliberate differences of reading, checked against the recorded imports of both panels. The table of
 * docs/eggs/differences.md is made of this list.
 */
export const DIFFERENCES: readonly PanelDifference[] = [
  {
    panels: BOTH,
    where: '`features`, `tags`, `file_denylist`',
    theirs: 'missing, null or an empty text, as in the file',
    ours: 'an empty list',
    why: 'Nobody tells them apart; the file gets its null back when it is exported in its own format.',
    allows: (key, ours, theirs) =>
      ['features', 'tags', 'file_denylist'].includes(key) && isEmpty(ours) && isEmpty(theirs),
  },
  {
    panels: BOTH,
    where: '`uuid`, `icon`, `exported_at`, `meta.update_url`, `config.logs`, `variables.sort`',
    theirs: 'missing, where an older format has no such key',
    ours: 'null',
    why: 'One model for every format.',
    allows: (key, ours, theirs) =>
      ['uuid', 'icon', 'exported_at', 'meta.update_url', 'config.logs', 'variables.sort'].includes(key) &&
      ours === null &&
      theirs === undefined,
  },
  {
    panels: BOTH,
    where: '`description`',
    theirs: 'null',
    ours: 'an empty text',
    why: 'Pterodactyl refuses null when it saves; both mean that there is none.',
    allows: (key, ours, theirs) => key === 'description' && ours === '' && theirs === null,
  },
  {
    panels: BOTH,
    where: '`variables.user_viewable`, `variables.user_editable`',
    theirs: '`1` and `0` of the oldest files stay numbers until the database',
    ours: 'true and false',
    why: 'They are answers to yes-or-no questions.',
    allows: (key, ours, theirs) =>
      ['variables.user_viewable', 'variables.user_editable'].includes(key) &&
      typeof ours === 'boolean' &&
      Number(ours) === theirs,
  },
  {
    panels: ['pelican'],
    where: '`variables.default_value`',
    theirs: 'numbers of a YAML file stay numbers until the database',
    ours: 'text',
    why: 'The value of an environment variable is text; a number would fail the rule `string`.',
    allows: (key, ours, theirs) =>
      key === 'variables.default_value' && typeof theirs === 'number' && ours === String(theirs),
  },
  {
    panels: BOTH,
    where: '`variables.field_type`',
    theirs: '`text`, or missing',
    ours: 'not held',
    why: 'It has had one value since it exists, and no panel reads it. Another value is kept as an unknown key.',
    allows: (key, ours, theirs) => key === 'variables.field_type' && ours === undefined && theirs === 'text',
  },
  {
    panels: BOTH,
    where: '`variables.rules`',
    theirs: 'an empty text: one empty rule',
    ours: 'no rules',
    why: 'An empty rule checks nothing.',
    allows: (key, ours, theirs) =>
      key === 'variables.rules' && isEmpty(ours) && JSON.stringify(theirs) === JSON.stringify(['']),
  },
  {
    panels: BOTH,
    where: '`config.startup.done`',
    theirs: 'missing',
    ours: 'an empty list',
    why: 'Nothing says when the server is ready, and that is reported.',
    allows: (key, ours, theirs) => key === 'config.startup.done' && isEmpty(ours) && theirs === undefined,
  },
  {
    panels: BOTH,
    where: '`startup`, `startup_commands`',
    theirs: 'null',
    ours: 'no start command',
    why: 'A server of the egg cannot start, and that is reported.',
    allows: (key, ours, theirs) =>
      ['startup', 'startup_commands.Default'].includes(key) && isNothing(ours) && theirs === null,
  },
  {
    panels: ['pelican'],
    where: '`image` (PLCN_v3)',
    theirs: 'the first name of the icon stays beside it while it is null',
    ours: 'the icon',
    why: 'It is the same thing; the file keeps its name for it.',
    allows: (key, ours, theirs) => key === 'image' && ours === undefined && theirs === null,
  },
]

/** The table of the docs. */
export const differencesTable = (): string =>
  [
    '| in the file | the panels | here | why |',
    '| --- | --- | --- | --- |',
    ...DIFFERENCES.map(({ panels, where, theirs, ours, why }) => {
      const who = panels.length === 2 ? 'both' : panels[0] === 'pelican' ? 'Pelican' : 'Pterodactyl'
      return `| ${where} | ${who}: ${theirs} | ${ours} | ${why} |`
    }),
  ].join('\n')
