/**
 * Throws changed eggs, rules, configuration files and start commands at core/eggs, and keeps what reaches new code.
 *
 *   node --conditions=@hatchery/source prove/eggs/fuzz.ts [--seconds N] [--seed N] [--target NAME] [--broken NUMBER]
 *
 * Ends with 1 and the input where a promise of a target does not hold, and is killed where an input takes too long.
 */
import { registerHooks } from 'node:module'
import path from 'node:path'
import process from 'node:process'
import { Worker } from 'node:worker_threads'
import { BROKEN_BUILDS } from './broken-builds.ts'
import { Coverage } from './coverage.ts'
import { mutateText } from './mutate.ts'
import { Random } from './random.ts'
import type { Target } from './targets.ts'
import type { Watched } from './watchdog.ts'

const argument = (name: string): string | undefined => {
  const at = process.argv.indexOf(name)
  return at < 0 ? undefined : process.argv[at + 1]
}
const seconds = Number(argument('--seconds') ?? 20)
const seed = Number(argument('--seed') ?? 20_261_127)
const broken = argument('--broken')
const only = argument('--target')
const LIMIT_MS = 8000
const BATCH = 32
const TURN_MS = 100
const MAX_INPUT_BYTES = 1024 * 1024
const LIBRARY = /packages\/core\/src\/eggs\//

if (broken !== undefined) breakBuild(Number(broken))
// After the hook, so that the library is loaded broken.
const [{ targetsFor }, seeds] = await Promise.all([import('./targets.ts'), import('./seeds.ts')])

const watched: Watched = {
  state: new SharedArrayBuffer(8),
  bytes: new SharedArrayBuffer(MAX_INPUT_BYTES),
  limitMs: LIMIT_MS,
}
const watchdog = new Worker(path.join(import.meta.dirname, 'watchdog.ts'), { workerData: watched })
watchdog.unref()
const state = new Int32Array(watched.state)
const encoder = new TextEncoder()

interface Corpus {
  readonly target: Target
  readonly inputs: (readonly string[])[]
  readonly seen: Set<string>
  trials: number
  slowestMs: number
}

const random = new Random(seed)
using coverage = new Coverage((url) => LIBRARY.test(url))
const corpora: Corpus[] = targetsFor(seeds)
  .filter(({ name }) => only === undefined || name === only)
  .map((target) => ({ target, inputs: [], seen: new Set(), trials: 0, slowestMs: 0 }))
for (const corpus of corpora) for (const input of corpus.target.seeds) await tryInput(corpus, input)
const seeded = corpora.map(({ seen }) => seen.size)

// First guided by what new code is reached, then with what was kept, at full speed.
const begun = performance.now()
await turns(begun + seconds * 500, async (corpus) => {
  // Asking what ran takes longer than most inputs: only a batch that reached something new is looked at one by one.
  const batch = Array.from({ length: BATCH }, () => changed(corpus))
  for (const input of batch) await run(corpus, input)
  if (newBlocks(corpus).length > 0) for (const input of batch) await tryInput(corpus, input)
})
const guided = corpora.reduce((sum, { trials }) => sum + trials, 0)
coverage.stop()
await turns(begun + seconds * 1000, (corpus) => run(corpus, changed(corpus)))

const total = corpora.reduce((sum, { trials }) => sum + trials, 0)
corpora.forEach(({ target, inputs, seen, trials, slowestMs }, index) => {
  const grown = `${seeded[index]} to ${seen.size} blocks`
  console.log(
    `  ${target.name}: ${trials} trials, ${inputs.length} inputs kept, ${grown}, slowest ${slowestMs.toFixed(0)} ms`,
  )
})
console.log(`${total} trials (${guided} guided by coverage), seed ${seed}, ${seconds} s: no promise broken`)

/** Every target has the same time. */
async function turns(end: number, step: (corpus: Corpus) => Promise<void>): Promise<void> {
  while (performance.now() < end) {
    for (const corpus of corpora) {
      const turnEnd = Math.min(end, performance.now() + TURN_MS)
      while (performance.now() < turnEnd) await step(corpus)
    }
  }
}

function changed(corpus: Corpus): string[] {
  const input = random.pick(corpus.inputs)
  const other = random.pick(random.pick(corpora).inputs)
  const chosen = random.below(input.length)
  return input.map((text, index) =>
    index === chosen || random.chance(6) ? mutateText(text, other[random.below(other.length)] ?? '', random) : text,
  )
}

/** Runs an input, and keeps it where it reached something new. */
async function tryInput(corpus: Corpus, input: readonly string[]): Promise<void> {
  await run(corpus, input)
  const isNew = newBlocks(corpus)
  for (const block of isNew) corpus.seen.add(block)
  if (isNew.length > 0 || corpus.inputs.length === 0) corpus.inputs.push(input)
}

function newBlocks(corpus: Corpus): string[] {
  return coverage.take().filter((block) => !corpus.seen.has(block))
}

async function run(corpus: Corpus, input: readonly string[]): Promise<void> {
  const { name } = corpus.target
  const { written } = encoder.encodeInto(JSON.stringify([name, ...input]), new Uint8Array(watched.bytes))
  Atomics.store(state, 1, written)
  Atomics.add(state, 0, 1)
  const started = performance.now()
  try {
    await corpus.target.run(input)
  } catch (error) {
    fail(name, input, error)
  }
  if (Object.keys(Object.prototype).length > 0) fail(name, input, new Error('Object.prototype was changed'))
  corpus.trials++
  corpus.slowestMs = Math.max(corpus.slowestMs, performance.now() - started)
}

function fail(name: string, input: readonly string[], error: unknown): never {
  console.error(`${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  console.error(JSON.stringify(input).slice(0, 8000))
  process.exit(1)
}

/** Loads one file of the library without its guard. */
function breakBuild(number: number): void {
  const build = BROKEN_BUILDS[number]
  if (!build) throw new Error(`There is no broken build ${number}.`)
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      if (!url.endsWith(build.file)) return loaded
      const source = Buffer.from(loaded.source as Uint8Array).toString()
      if (!source.includes(build.from))
        throw new Error(`${build.file} has no guard ${build.from}; correct broken-builds.ts.`)
      return { ...loaded, source: source.replace(build.from, () => build.to) }
    },
  })
}
