import type { Egg, EggConfigFile } from '../model.ts'
import { PARSERS } from '../config-parsers.ts'
import type { FindingList } from './finding.ts'
import { namesOf, unknownIn } from './known-names.ts'

export function lintConfigFiles(egg: Egg, list: FindingList): void {
  const isName = namesOf(egg)
  const own = new Set(egg.variables.map(({ envVariable }) => envVariable))
  egg.config.files.forEach((file, at) => {
    const pointer = `/config/files/${at}`
    if (!PARSERS.has(file.parser)) {
      const problem = `Nobody knows the parser “${file.parser}”, so ${file.path} is left alone.`
      list.note('error', 'EGG_PARSER_UNKNOWN', `${pointer}/parser`, problem, `Use one of ${[...PARSERS].join(', ')}.`)
    }
    if (file.path === '' || file.path.split('/').includes('..')) {
      const problem = 'The file lies outside of the server.'
      list.note('error', 'EGG_CONFIG_PATH', `${pointer}/path`, problem, 'Name a path below the folder of the server.')
    }
    lintMatches(file, pointer, list)
    file.replace.forEach(({ value }, index) => {
      if (typeof value === 'string') lintValue(value, `${pointer}/replace/${index}/value`, { isName, own }, list)
    })
  })
}

function lintMatches(file: EggConfigFile, pointer: string, list: FindingList): void {
  const matches = [...new Set(file.replace.map(({ match }) => match))]
  const sorted = matches.toSorted()
  file.replace.forEach(({ match }, index) => {
    const place = `${pointer}/replace/${index}/match`
    if (match === '') {
      const problem =
        file.parser === 'file' ? 'An empty match replaces every line of the file.' : 'An empty match is no key.'
      list.note('warning', 'EGG_MATCH', place, problem, 'Name the start of the line, or the key.')
    }
  })
  if (file.parser !== 'file') return
  const prefixes = new Set(
    sorted.filter((match, index) => match !== '' && sorted[index + 1]?.startsWith(match) === true),
  )
  file.replace.forEach(({ match }, index) => {
    const place = `${pointer}/replace/${index}/match`
    if (prefixes.has(match)) {
      const problem = `Another match begins with “${match}”, and both are the start of its line: the panels' daemons write both values there.`
      list.note('warning', 'EGG_MATCH_PREFIX', place, problem, 'Add the character that follows, such as = or a space.')
    }
    if (/\(\.\*\)|\.\*["')]?$|^\^/.test(match)) {
      const problem = `“${match}” is compared as it stands with the start of the line; it is no pattern.`
      list.note('warning', 'EGG_MATCH', place, problem, 'Write the start of the line.')
    }
  })
}

interface Names {
  readonly isName: (name: string) => boolean
  readonly own: ReadonlySet<string>
}

function lintValue(value: string, pointer: string, { isName, own }: Names, list: FindingList): void {
  for (const [, name = ''] of value.matchAll(/\{\{([\w.-]*)\}\}/g)) {
    const unknown = unknownIn(name, isName)
    if (unknown !== null) {
      const noun = unknown === 'variable' ? 'no variable of the egg' : 'nothing that a server has'
      const problem = `{{${name}}} is ${noun}; an empty text is written.`
      list.note('warning', 'EGG_VARIABLE_MISSING', pointer, problem, 'Add the variable, or correct the name.')
    } else if (own.has(name)) {
      const correct = `{{server.build.env.${name}}}`
      const edit = { op: 'replace', path: pointer, value: value.replaceAll(`{{${name}}}`, correct) } as const
      const problem = `{{${name}}} is written as it stands; only names with a prefix are replaced in files.`
      list.note('warning', 'EGG_PLACEHOLDER_BROKEN', pointer, problem, `Write ${correct}.`, edit)
    } else if (!name.includes('.') && isName(name)) {
      const problem = `{{${name}}} is written as it stands; only names with a prefix are replaced in files.`
      list.note('warning', 'EGG_PLACEHOLDER_BROKEN', pointer, problem, 'Write it as in {{server.build.default.port}}.')
    }
  }
  const spaced = value.replaceAll(/\{\{[ \t]*((?:server|env|config)\.[\w.-]+)[ \t]*\}\}/g, '{{$1}}')
  if (spaced !== value) {
    const edit = { op: 'replace', path: pointer, value: spaced } as const
    const problem = 'A name with spaces between its braces is written as it stands.'
    list.note('warning', 'EGG_PLACEHOLDER_BROKEN', pointer, problem, 'Remove the spaces.', edit)
  } else if (/\{\{?(?:server|env|config)\.[\w.-]*(?![\w.-])(?!\}\})/.test(value)) {
    const problem = 'A placeholder is not closed, so it is written as it stands.'
    list.note('warning', 'EGG_PLACEHOLDER_BROKEN', pointer, problem, 'Write it as in {{server.build.env.NAME}}.')
  }
}
