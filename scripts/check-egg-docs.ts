/**
 * Checks the documentation of core/eggs: every function has a page, every example prints what the page says, the table of
 * rules is true, and no link leads nowhere.
 *
 *   node --conditions=@hatchery/source scripts/check-egg-docs.ts [--built] [--write]
 *
 * `--built` runs the examples against the built package instead of the sources; `--write` puts what examples print, and what
 * forms show, into the pages.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import * as eggs from '@hatchery/core/eggs'
import { CHECKS, SINCE_12 } from '../packages/core/src/eggs/rules/checks.ts'

const root = path.resolve(import.meta.dirname, '..')
const docs = path.join(root, 'packages/core/docs/eggs')
const isBuilt = process.argv.includes('--built')
const isWriting = process.argv.includes('--write')
const problems: string[] = []
const check = (holds: boolean, problem: string): void => {
  if (!holds) problems.push(problem)
}

const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
const pages = readdirSync(path.join(docs, 'functions')).filter((file) => file.endsWith('.md'))

/** Functions of the library; a class such as an error is described where it is thrown. */
const functions = Object.entries(eggs).flatMap(([name, value]) =>
  typeof value === 'function' && !/^[A-Z]/.test(name) ? [name] : [],
)
const index = readFileSync(path.join(docs, 'README.md'), 'utf8')
for (const name of functions) {
  check(pages.includes(`${kebab(name)}.md`), `${name} has no page functions/${kebab(name)}.md`)
  check(index.includes(`(functions/${kebab(name)}.md)`), `README.md does not name ${name}`)
}
for (const page of pages) {
  check(
    functions.some((name) => `${kebab(name)}.md` === page),
    `functions/${page} describes a function that there is not`,
  )
}

/** An example, and what it prints. */
const EXAMPLE = /```js\n([\s\S]*?)```\n\nprints\n\n```text\n([\s\S]*?)```/g
let examples = 0
for (const page of pages) {
  const file = path.join(docs, 'functions', page)
  const text = readFileSync(file, 'utf8')
  const found = [...text.matchAll(EXAMPLE)]
  check(found.length > 0, `functions/${page} has no example with what it prints`)
  let corrected = text
  for (const { 0: whole, 1: code = '', 2: printed = '' } of found) {
    examples++
    const run = spawnSync(
      process.execPath,
      [...(isBuilt ? [] : ['--conditions=@hatchery/source']), '--input-type=module', '--eval', code],
      { cwd: root, encoding: 'utf8' },
    )
    check(run.status === 0, `an example of functions/${page} fails:\n${run.stderr}`)
    if (isWriting)
      corrected = corrected.replace(
        whole,
        () => whole.slice(0, whole.lastIndexOf(printed + '```')) + run.stdout + '```',
      )
    else check(run.stdout === printed, `an example of functions/${page} prints\n${run.stdout}instead of\n${printed}`)
  }
  if (isWriting) writeFileSync(file, corrected)
}

/** `| `rule` | since | passes | what passes | what fails | form |` */
const ROW = /^\| `([a-z_\d]+)(?::((?:[^`\\]|\\.)*))?` +\| (.*?) +\| (.*?) +\| (.*?) +\| (.*?) +\| (.*?) +\|$/gm
const OTHERS = { MODE: 'online', PORT: '25565', EMPTY: '' }
const rulesFile = path.join(docs, 'rules.md')
const rulesText = readFileSync(rulesFile, 'utf8')
const described = new Set<string>()
/** Examples stand in code; a bar in a table has a backslash, and a dash means that there is none. */
const valuesOf = (cell: string) =>
  [...cell.matchAll(/`([^`]*)`/g)].map(([, value = '']) => value.replaceAll('\\|', '|'))
const formOf = (rule: string): string => {
  const { kind, required, ...rest } = eggs.describeRules([rule])
  const details = Object.entries(rest).map(
    ([name, value]) => `${name} ${Array.isArray(value) ? value.join(' / ') : String(value)}`,
  )
  return [required ? `${kind}, required` : kind, ...details].join(', ').replaceAll('|', '\\|')
}
const rewritten = rulesText.replace(
  ROW,
  (
    row,
    name: string,
    parameters: string | undefined,
    since: string,
    passes: string,
    good: string,
    bad: string,
    form: string,
  ) => {
    const written = parameters === undefined ? name : `${name}:${parameters.replaceAll('\\|', '|')}`
    const compiled = eggs.compileRules([written])
    const studly = compiled.rules[0]?.name ?? ''
    described.add(studly)
    check(CHECKS.has(studly), `rules.md names ${name}, which is no rule`)
    check((since === '12') === SINCE_12.has(studly), `rules.md is wrong about the version that ${name} came with`)
    for (const laravel of [11, 13] as const) {
      if (laravel === 11 && SINCE_12.has(studly)) continue
      const test = (value: string) =>
        eggs.validateValue(compiled, value === '(none)' ? null : value === '(empty)' ? '' : value, {
          laravel,
          environment: OTHERS,
          name: 'OWN',
        }).ok
      for (const value of valuesOf(good))
        check(test(value), `rules.md: ${JSON.stringify(value)} does not pass ${written} in ${laravel}`)
      for (const value of valuesOf(bad))
        check(!test(value), `rules.md: ${JSON.stringify(value)} passes ${written} in ${laravel}`)
    }
    if (!isWriting)
      check(form === formOf(written), `rules.md: for ${written} a form shows ${formOf(written)}, not ${form}`)
    return isWriting ? row.replace(/\| [^|]*(?:\\\|[^|]*)*\|$/, () => `| ${formOf(written)} |`) : row
  },
)
if (isWriting) writeFileSync(rulesFile, rewritten)
for (const name of CHECKS.keys()) check(described.has(name), `rules.md does not describe ${name}`)

/** Links between the pages. */
for (const file of readdirSync(docs, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'))) {
  const text = readFileSync(path.join(docs, file), 'utf8').replace(/```[\s\S]*?```/g, '')
  for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)) {
    check(existsSync(path.resolve(docs, path.dirname(file), target)), `${file} links to ${target}, which is not there`)
  }
}
const formats = existsSync(path.join(docs, 'formats')) ? readdirSync(path.join(docs, 'formats')) : []
for (const format of ['ptdl-v1.md', 'ptdl-v2.md', 'plcn.md', 'calagopus.md', 'hatchery.md']) {
  check(formats.includes(format), `there is no page formats/${format}`)
}

for (const problem of problems) console.error(problem)
console.log(
  `${functions.length} functions, ${examples} examples run, ${described.size} rules of ${CHECKS.size} in the table, ${formats.length} formats: ${problems.length} problems`,
)
process.exitCode = problems.length > 0 ? 1 : 0
