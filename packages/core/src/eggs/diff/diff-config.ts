import type { Egg, EggConfigFile, EggReplacement, Json } from '../model.ts'
import { stopMethodOf } from '../stop.ts'
import { withPelicanNames } from '../export/panel-names.ts'
import { ChangeList, brief, isSame } from './change-list.ts'
import type { EggChange } from './egg-change.ts'
import { isReordered, pairUp } from './pair-up.ts'

/** When the server counts as started. */
export function diffReady(before: Egg, after: Egg): EggChange[] {
  const list = new ChangeList('ready')
  const shown = after.config.done.map(brief).join(' or ')
  const message =
    after.config.done.length === 0
      ? 'No console line says any more that the server is ready.'
      : `The server counts as started when the console shows ${shown}.`
  list.compare({ pointer: '/config/done' }, before.config.done, after.config.done, 'next-start', message)
  const { stripAnsi } = after.config
  const colours = stripAnsi ? 'Colours are taken' : 'Colours are no longer taken'
  const sentence = `${colours} out of a console line before it is compared.`
  list.compare({ pointer: '/config/stripAnsi' }, before.config.stripAnsi, stripAnsi, 'next-start', sentence)
  return list.changes
}

export function diffStop(before: Egg, after: Egg): EggChange[] {
  const list = new ChangeList('stop')
  const method = stopMethodOf(after)
  const how = {
    command: `by typing ${method.type === 'command' ? method.command : ''}`,
    signal: `with ${method.type === 'signal' ? method.signal : ''}`,
    runtime: 'as the container runtime does it',
  }[method.type]
  const isWording = isSame(stopMethodOf(before), method)
  const message = isWording
    ? 'The way to stop is written differently and is the same.'
    : `The server is stopped ${how}.`
  const effect = isWording ? 'none' : 'next-start'
  list.compare({ pointer: '/config/stop' }, before.config.stop, after.config.stop, effect, message)
  list.compare({ pointer: '/config/stopType' }, before.config.stopType, after.config.stopType, effect, message)
  return list.changes
}

export function diffConfigFiles(before: Egg, after: Egg): EggChange[] {
  const list = new ChangeList('config-files')
  const pairs = pairUp(before.config.files, after.config.files, ({ path }) => path)
  for (const { before: old, after: now, beforeIndex, afterIndex } of pairs) {
    const pointer = `/config/files/${now ? afterIndex : beforeIndex}`
    if (old && now) {
      diffFile(list, old, now, pointer)
    } else if (now) {
      const message = `${now.path} is changed before each start.`
      list.add({ kind: 'added', pointer, subject: now.path, after: valuesOf(now), effect: 'next-start', message })
    } else if (old) {
      const message = `${old.path} is no longer changed before a start; the file stays as it is.`
      list.add({ kind: 'removed', pointer, subject: old.path, before: valuesOf(old), effect: 'next-start', message })
    }
  }
  if (isReordered(pairs)) {
    const paths = (egg: Egg) => egg.config.files.map(({ path }) => path)
    const moved = { kind: 'moved', pointer: '/config/files', before: paths(before), after: paths(after) } as const
    list.add({ ...moved, effect: 'none', message: 'The files are changed in another order.' })
  }
  return list.changes
}

const valuesOf = (file: EggConfigFile): Json => file.replace.map(entryOf)

const entryOf = ({ match, ifValue, value }: EggReplacement): Json =>
  ifValue === null ? { match, value } : { match, ifValue, value }

const parserOf = ({ parser }: EggConfigFile): string => (parser === 'yml' ? 'yaml' : parser)

const inOneNaming = (value: Json): Json => (typeof value === 'string' ? withPelicanNames(value).text : value)

function diffFile(list: ChangeList, before: EggConfigFile, after: EggConfigFile, pointer: string): void {
  const subject = after.path
  const at = (key: string) => ({ pointer: `${pointer}/${key}`, subject })
  const isParserSame = parserOf(before) === parserOf(after)
  const parser = `${subject} is read as ${after.parser}.`
  list.compare(at('parser'), before.parser, after.parser, isParserSame ? 'none' : 'next-start', parser)
  const create = `${subject} is ${after.createFile ? '' : 'no longer '}created where it is missing.`
  list.compare(at('createFile'), before.createFile, after.createFile, 'next-start', create)
  const unknown = `Other keys of ${subject} changed.`
  list.compare(at('unknown'), before.unknown, after.unknown, 'none', unknown)

  const pairs = pairUp(before.replace, after.replace, ({ match, ifValue }) => JSON.stringify([match, ifValue]))
  for (const { before: old, after: now, beforeIndex, afterIndex } of pairs) {
    const place = `${pointer}/replace/${now ? afterIndex : beforeIndex}`
    const { match, ifValue } = now ?? old ?? { match: '', ifValue: null }
    const where = `${match === '' ? 'each line' : match} of ${subject}${ifValue === null ? '' : `, where it is ${ifValue},`}`
    const effect = 'next-start'
    if (old && now) {
      const isNaming = isSame(inOneNaming(old.value), inOneNaming(now.value))
      const message = isNaming
        ? `${where} becomes the same; its placeholders have the names of another panel.`
        : `${where} becomes ${brief(now.value)}.`
      list.compare({ pointer: `${place}/value`, subject }, old.value, now.value, isNaming ? 'none' : effect, message)
      for (const key of ['insertNew', 'updateExisting'] as const) {
        const flag = `Whether ${where} is ${key === 'insertNew' ? 'added' : 'replaced'} changed.`
        list.compare({ pointer: `${place}/${key}`, subject }, old[key] ?? null, now[key] ?? null, effect, flag)
      }
    } else if (now) {
      const message = `${where} becomes ${brief(now.value)}.`
      list.add({ kind: 'added', pointer: place, subject, after: entryOf(now), effect, message })
    } else if (old) {
      const message = `${where} is left as it is.`
      list.add({ kind: 'removed', pointer: place, subject, before: entryOf(old), effect, message })
    }
  }
  if (isReordered(pairs)) {
    const moved = { kind: 'moved', pointer: `${pointer}/replace`, subject } as const
    const order = { before: valuesOf(before), after: valuesOf(after) }
    list.add({
      ...moved,
      ...order,
      effect: 'next-start',
      message: `The changes of ${subject} are made in another order.`,
    })
  }
}
