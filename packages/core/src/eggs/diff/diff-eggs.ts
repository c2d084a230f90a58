import type { Egg } from '../model.ts'
import { ChangeList } from './change-list.ts'
import { diffConfigFiles, diffReady, diffStop } from './diff-config.ts'
import { diffLabelled } from './diff-labelled.ts'
import { diffVariables } from './diff-variables.ts'
import type { EggChange } from './egg-change.ts'

/**
 * What an update from egg `before` to egg `after` changes, for a person to look at first. The order is stable: by area,
 * then as the new egg has it, then what is gone. What only says the same in other words (the placeholders of another
 * panel, the line ends of a script) has the effect `none`.
 *
 * @example
 * for (const { area, message, effect } of diffEggs(installed, published)) console.log(area, message, effect)
 */
export function diffEggs(before: Egg, after: Egg): EggChange[] {
  return [
    ...diffAbout(before, after),
    ...diffImages(before, after),
    ...diffStartup(before, after),
    ...diffReady(before, after),
    ...diffStop(before, after),
    ...diffConfigFiles(before, after),
    ...diffVariables(before, after),
    ...diffInstall(before, after),
    ...diffTexts(before, after),
    ...diffNetwork(before, after),
    ...diffOther(before, after),
  ]
}

const ABOUT = {
  name: 'name',
  author: 'author',
  description: 'description',
  uuid: 'uuid',
  updateUrl: 'address for updates',
  exportedAt: 'date of the export',
  comment: 'comment',
  icon: 'icon',
  tags: 'tags',
} as const satisfies Partial<Record<keyof Egg, string>>

function diffAbout(before: Egg, after: Egg): EggChange[] {
  const list = new ChangeList('about')
  for (const [key, noun] of Object.entries(ABOUT) as [keyof typeof ABOUT, string][]) {
    list.compare({ pointer: `/${key}` }, before[key], after[key], 'none', `The ${noun} of the egg changed.`)
  }
  return list.changes
}

function diffImages(before: Egg, after: Egg): EggChange[] {
  const list = new ChangeList('images')
  const removed = 'Servers that use it keep it until another is chosen.'
  diffLabelled(list, before.images, after.images, { pointer: '/images', noun: 'image', effect: 'next-start', removed })
  return list.changes
}

function diffStartup(before: Egg, after: Egg): EggChange[] {
  const list = new ChangeList('startup')
  const words = { pointer: '/startupCommands', noun: 'start command', effect: 'next-start' } as const
  const removed = 'Servers that use it keep it until another is chosen.'
  diffLabelled(list, before.startupCommands, after.startupCommands, { ...words, removed })
  return list.changes
}

function diffInstall(before: Egg, after: Egg): EggChange[] {
  const list = new ChangeList('install')
  const effect = 'reinstall'
  const old = before.install
  const now = after.install
  if (old && now) {
    const isEnds = inUnixLines(old.script) === inUnixLines(now.script)
    const message = isEnds
      ? 'The lines of the install script end differently; it does the same.'
      : 'The install script changed; servers get it when they are installed again.'
    list.compare({ pointer: '/install/script' }, old.script, now.script, isEnds ? 'none' : effect, message)
    const container = `The install script runs in ${now.container}.`
    list.compare({ pointer: '/install/container' }, old.container, now.container, effect, container)
    const entrypoint = `The install script is run by ${now.entrypoint}.`
    list.compare({ pointer: '/install/entrypoint' }, old.entrypoint, now.entrypoint, effect, entrypoint)
  } else if (now) {
    const message = 'The egg has an install script now.'
    list.add({ kind: 'added', pointer: '/install', after: { ...now }, effect, message })
  } else if (old) {
    const message = 'The egg has no install script any more.'
    list.add({ kind: 'removed', pointer: '/install', before: { ...old }, effect, message })
  }
  return list.changes
}

const inUnixLines = (text: string): string => text.replaceAll('\r\n', '\n')

function diffTexts(before: Egg, after: Egg): EggChange[] {
  const features = new ChangeList('features')
  const watched = after.features.length === 0 ? 'nothing' : after.features.join(', ')
  const place = { pointer: '/features' }
  features.compare(place, before.features, after.features, 'next-start', `The console is watched for ${watched}.`)

  const denylist = new ChangeList('file-denylist')
  const refused = after.fileDenylist.length === 0 ? 'no file' : after.fileDenylist.join(', ')
  const message = `Users cannot change ${refused} in the file manager.`
  denylist.compare({ pointer: '/fileDenylist' }, before.fileDenylist, after.fileDenylist, 'at-once', message)
  return [...features.changes, ...denylist.changes]
}

function diffNetwork(before: Egg, after: Egg): EggChange[] {
  const list = new ChangeList('network')
  const outgoing = after.forceOutgoingIp ? 'the address of the server' : 'any address of the node'
  const at = (key: 'forceOutgoingIp' | 'separatePort', message: string) =>
    list.compare({ pointer: `/${key}` }, before[key] ?? false, after[key] ?? false, 'next-start', message)
  at('forceOutgoingIp', `Outgoing connections use ${outgoing}.`)
  at('separatePort', `The egg ${after.separatePort ? 'asks' : 'no longer asks'} for a port of its own.`)
  return list.changes
}

/** An empty part is none. */
const logsOf = ({ config: { logs } }: Egg): string | null => (logs === '{}' || logs === '[]' ? null : logs)

/** What no panel reads. */
function diffOther(before: Egg, after: Egg): EggChange[] {
  const list = new ChangeList('other')
  const compare = (pointer: string, old: unknown, now: unknown, message: string) =>
    list.compare({ pointer }, old, now, 'none', message)
  const { config: old } = before
  const { config: now } = after
  compare('/config/logs', logsOf(before), logsOf(after), 'The unused part `logs` changed.')
  const unknown = 'Keys changed that nothing reads.'
  compare('/config/startupUnknown', old.startupUnknown, now.startupUnknown, unknown)
  compare('/config/unknown', old.unknown, now.unknown, unknown)
  compare('/unknown', before.unknown, after.unknown, unknown)
  for (const part of ['metaUnknown', 'scriptsUnknown', 'installUnknown'] as const) {
    compare(`/${part}`, before[part] ?? [], after[part] ?? [], unknown)
  }
  return list.changes
}
