// What the issue on eggs asks of the library's answers: the same as the real panels gave on the same eggs.
import { isDeepStrictEqual } from 'node:util'
import { compileRules, parseEgg, processConfiguration, validateValue } from '@hatchery/core/eggs'
import {
  corpusRows,
  labServer,
  readCorpusFile,
  readOracle,
  readOracleLines,
} from '../../packages/core/src/eggs/corpus.test-data.ts'
import type { AcceptanceLine } from '../../scripts/accept.ts'
import { prove, script, tests } from './prove.ts'
import { whole } from './sentences.ts'

async function parseAll(): Promise<{ figure: string; passed: boolean }> {
  const rows = corpusRows()
  let read = 0
  let refused = 0
  const wrong: string[] = []
  for (const { path, version, valid } of rows) {
    const { egg, format, diagnostics } = await parseEgg(readCorpusFile(path), { fileName: path })
    if (egg && format === version && valid) read++
    else if (!egg && !valid && diagnostics.some(({ severity, message }) => severity === 'error' && message !== ''))
      refused++
    else wrong.push(path)
  }
  return {
    figure: `${whole(rows.length)} files: ${whole(read)} read with the format that they are, ${refused} malformed ones refused with a reason; ${wrong.length} otherwise`,
    passed: wrong.length === 0,
  }
}

/** PHP prints an empty map as an empty list. */
function asPhpPrints(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asPhpPrints)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  return entries.length === 0 ? [] : Object.fromEntries(entries.map(([key, item]) => [key, asPhpPrints(item)]))
}

async function compareProcesses(panel: 'pterodactyl' | 'pelican'): Promise<{ figure: string; passed: boolean }> {
  const answers = readOracleLines<{ id: string; ok: boolean; process: unknown }>(`process-${panel}.jsonl.gz`)
  let same = 0
  let thrown = 0
  for (const { id, ok, process } of answers) {
    if (!ok) {
      thrown++
      continue
    }
    const { egg } = await parseEgg(readCorpusFile(id), { fileName: id })
    if (!egg) continue
    const server = { ...labServer, image: egg.images[0]?.value ?? '' }
    if (isDeepStrictEqual(asPhpPrints(processConfiguration(egg, server, { panel })), asPhpPrints(process))) same++
  }
  const compared = answers.length - thrown
  return {
    figure: `${whole(same)} of ${whole(compared)} answers equal; on ${thrown} the panel itself throws`,
    passed: same === compared && compared > 1000,
  }
}

interface Vectors {
  readonly probes: readonly (string | null)[]
  readonly entries: readonly {
    readonly rules: string | readonly string[]
    readonly laravel11: string
    readonly laravel13: string
    readonly absent: readonly [string, string]
    readonly defaults: readonly (readonly [unknown, string, string])[]
  }[]
}

/** One letter, and for a default the rules that failed. */
function isSame(wanted: string, { ok, failed, isRuleBroken }: ReturnType<typeof validateValue>): boolean {
  const letter = isRuleBroken ? 'E' : ok ? 'P' : 'F'
  if (wanted.length === 1 || wanted.startsWith('E')) return wanted[0] === letter
  return wanted === (letter === 'F' ? `F:${failed.join(',')}` : letter)
}

async function compareVerdicts(laravel: 11 | 13): Promise<{ figure: string; passed: boolean }> {
  const { probes, entries } = readOracle('rule-vectors.json') as Vectors
  let total = 0
  let same = 0
  for (const entry of entries) {
    const compiled = compileRules(entry.rules)
    const compare = (value: string | null | undefined, wanted = '') => {
      total++
      if (isSame(wanted, validateValue(compiled, value, { laravel }))) same++
    }
    probes.forEach((probe, index) => compare(probe, entry[`laravel${laravel}`][index]))
    compare(undefined, entry.absent[laravel === 11 ? 0 : 1])
    for (const [value, eleven, thirteen] of entry.defaults) {
      compare(value === null ? null : String(value), laravel === 11 ? eleven : thirteen)
    }
  }
  return {
    figure: `${whole(same)} of ${whole(total)} verdicts equal, on ${whole(entries.length)} lists of rules`,
    passed: same === total && total > 80_000,
  }
}

const CORE = 'packages/core/src/eggs'

export const ORACLE_LINES: readonly AcceptanceLine[] = [
  { requirement: 'every file of the corpus parses, the malformed ones to a clear diagnostic', measure: parseAll },
  ...(['pterodactyl', 'pelican'] as const).map((panel) => ({
    requirement: `process-${panel}: 100 % of the answers equal after the documented normalisation`,
    measure: () => compareProcesses(panel),
  })),
  ...([11, 13] as const).map((laravel) => ({
    requirement: `rule vectors: 100 % of the verdicts equal for Laravel ${laravel}`,
    measure: () => compareVerdicts(laravel),
  })),
  tests(
    'core',
    `${CORE}/rules/`,
    'rules: hand-picked cases with names, rules beyond the corpus as PHP answers them, forms agree',
  ),
  tests(
    'core',
    `${CORE}/panel-agreement.test.ts`,
    'imports agree with pterodactyl-import and pelican-import; each deliberate difference is a row in the docs',
  ),
  tests('core', `${CORE}/export/`, 'parse, export to the same format, parse is the identity; losses are complete'),
  tests('core', `${CORE}/traps.test.ts`, 'the traps of the reference, one test each'),
]

export const HOSTILE_LINES: readonly AcceptanceLine[] = [
  tests(
    'core',
    `${CORE}/config-patch/`,
    'config patching: real files, laws on generated ones, nothing pollutes a prototype',
  ),
  tests(
    'core',
    `${CORE}/pattern/`,
    'patterns: found as PCRE and RE2 find them, catastrophic ones refused or given up in bounded steps',
  ),
  prove('eggs', 'hostile input: fuzzed by property and by coverage, parsing, rules, config patching; with controls'),
]

export const DOCS_LINES: readonly AcceptanceLine[] = [
  script(
    'scripts/check-egg-docs.ts',
    [],
    'a page per function with a runnable example, a page per format, a table of rules',
  ),
]
