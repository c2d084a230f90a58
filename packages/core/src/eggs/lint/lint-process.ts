import type { Egg } from '../model.ts'
import { createPattern } from '../pattern/pattern.ts'
import { PatternError } from '../pattern/pattern-tree.ts'
import { stopMethodOf } from '../stop.ts'
import type { FindingList } from './finding.ts'
import { namesOf } from './known-names.ts'
import { lintLabels } from './lint-images.ts'

/** Start command, what says that the server is ready, and how it is stopped. */
export function lintProcess(egg: Egg, list: FindingList): void {
  lintStartup(egg, list)
  lintReady(egg, list)
  lintStop(egg, list)
}

function lintStartup(egg: Egg, list: FindingList): void {
  const pointer = '/startupCommands'
  if (egg.startupCommands.every(({ value }) => value.trim() === '')) {
    list.note('error', 'EGG_NO_STARTUP', pointer, 'The egg has no start command; no server can start.', 'Add one.')
  }
  lintLabels(egg.startupCommands, pointer, 'start command', list)
  const isName = namesOf(egg)
  egg.startupCommands.forEach(({ value }, index) => {
    const place = `${pointer}/${index}/value`
    const unknown = new Set(Array.from(value.matchAll(/\{\{(\w+)\}\}/g), ([, name = '']) => name))
    for (const name of unknown) {
      if (isName(name)) continue
      const problem = `{{${name}}} is no variable of the egg; the shell gets an empty text.`
      list.note('warning', 'EGG_VARIABLE_MISSING', place, problem, `Add the variable ${name}, or correct the name.`)
    }
    const spaced = value.replaceAll(/\{\{[ \t]+(\w+)[ \t]*\}\}|\{\{(\w+)[ \t]+\}\}/g, '{{$1$2}}')
    if (spaced !== value) {
      const edit = { op: 'replace', path: place, value: spaced } as const
      const problem = 'A name with spaces between its braces is not replaced.'
      list.note('warning', 'EGG_PLACEHOLDER_BROKEN', place, problem, 'Write {{NAME}}, without spaces.', edit)
    }
  })
}

function lintReady(egg: Egg, list: FindingList): void {
  const { done } = egg.config
  const fix = 'Name a text that the console shows when the server is ready.'
  if (done.length === 0) {
    const problem = 'Nothing says when the server has started, so it stays in “starting”.'
    list.note('warning', 'EGG_NO_DONE', '/config/done', problem, fix)
  }
  done.forEach((text, index) => {
    const place = `/config/done/${index}`
    if (text === '') {
      list.note('warning', 'EGG_NO_DONE', place, 'An empty text is found in the first line already.', fix)
    } else if (text.startsWith('regex:')) {
      lintPattern(text.slice('regex:'.length), place, list)
    } else if (/[\r\n]/.test(text.trim())) {
      const problem = 'A console line has no line break, so this text is never found.'
      list.note('error', 'EGG_DONE_UNREACHABLE', place, problem, 'Name a part of one line.')
    } else if (/\{\{[^{}]*\}\}/.test(text)) {
      const problem = 'Names in braces are not replaced here, so this text is never found.'
      list.note('warning', 'EGG_DONE_UNREACHABLE', place, problem, 'Name a part of the line without them.')
    } else if (/^[\r\n]|[\r\n]$/.test(text)) {
      const edit = { op: 'replace', path: place, value: text.trim() } as const
      const problem = 'A console line has no line break, so this text is never found.'
      list.note('error', 'EGG_DONE_UNREACHABLE', place, problem, 'Remove the line break.', edit)
    }
  })
}

function lintPattern(source: string, pointer: string, list: FindingList): void {
  try {
    createPattern(source)
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    const problem = `The pattern cannot be read: ${error.message}.`
    list.note('error', 'EGG_DONE_UNREACHABLE', pointer, problem, 'Correct it.')
  }
}

const SIGNALS = /^(?:SIG)?(?:HUP|INT|QUIT|ABRT|KILL|USR1|USR2|TERM|C)$/i

function lintStop(egg: Egg, list: FindingList): void {
  const { stop, stopType } = egg.config
  const method = stopMethodOf(egg)
  const pointer = '/config/stop'
  if (method.type === 'runtime' && stopType === null) {
    const problem = 'The egg does not say how to stop, so the container is stopped as Docker does it.'
    list.note('info', 'EGG_NO_STOP', pointer, problem, 'Add the command of the server, or ^C.')
  }
  if (method.type !== 'signal' || method.signal !== 'SIGKILL') return
  const name = stopType === 'signal' ? stop : stop.slice(1)
  const isMeant = name === '^C' || SIGNALS.test(name.trim())
  const problem = isMeant
    ? 'The server is killed and cannot save.'
    : `There is no signal ${name}; the server is killed and cannot save.`
  list.note(isMeant ? 'info' : 'warning', 'EGG_STOP_KILLS', pointer, problem, 'Use ^C, or a command if it knows one.')
}
