// Attacks a running panel and agent with everything a stranger, a customer or a stolen node could send, and checks that it
// is refused with a code, changes nothing, tells nothing and stops nothing.
//   node prove/abuse/main.ts --quick | --full [--only=THEME]
import process from 'node:process'
import { hashes, tryBrokenPanels } from './broken-panels.ts'
import { attackCredentials } from './credentials.ts'
import { attackEggs } from './eggs.ts'
import { attackLink } from './link.ts'
import { attackLive } from './live.ts'
import { Report } from './report.ts'
import { attackRequests } from './requests.ts'
import { huntSecrets } from './secrets.ts'
import { castOf, Stage, type Cast } from './stage.ts'
import { attackWire } from './wire.ts'

const isFull = process.argv.includes('--full')
const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice('--only='.length)
const report = new Report()
const started = Date.now()

const themes: readonly (readonly [string, (stage: Stage, cast: Cast) => Promise<void>])[] = [
  [
    'requests',
    (stage, cast) =>
      attackRequests(stage, cast, report, {
        perEndpoint: isFull ? 100_000 : 14,
        seed: 1,
      }),
  ],
  ['wire', (stage) => attackWire(stage, report)],
  ['credentials', (stage, cast) => attackCredentials(stage, cast, report, isFull ? 5000 : 100)],
  ['live', (stage, cast) => attackLive(stage, cast, report, isFull ? 5000 : 100)],
  ['link', (stage, cast) => attackLink(stage, cast, report, isFull ? 3000 : 60)],
  ['hashes', (stage, cast) => hashes(stage, cast, report)],
  ['eggs', (stage, cast) => attackEggs(stage, cast, report, isFull ? 3000 : 100)],
]
for (const [name, attack] of themes) {
  if (only !== undefined && only !== name) continue
  const begun = Date.now()
  await using stage = await Stage.open()
  const cast = await castOf(stage)
  try {
    await attack(stage, cast)
  } catch (error) {
    report.found(name, 'the attack ended early', `${String(error)}\n${stage.log.slice(-3000)}`)
  }
  report.expect('process', stage.isAlive, 'the panel crashed', stage.log.slice(-2000))
  const failure = stage.log.split('\n').find((line) => line.includes('"level":50') || line.includes('"level":60'))
  report.expect('process', failure === undefined, `the panel logged an error in ${name}`, failure)
  await cast.agent[Symbol.asyncDispose]()
  console.log(`  ${name}: ${((Date.now() - begun) / 1000).toFixed(1)} s`)
}
if (only === undefined || only === 'secrets') await huntSecrets(report)
if (only === undefined || only === 'controls') await tryBrokenPanels(report)

report.print()
const seconds = ((Date.now() - started) / 1000).toFixed(0)
console.log(`${report.total} trials, ${report.findings.length} findings, ${seconds} s`)
const bound = ((3 / report.total) * 100).toFixed(3)
if (report.findings.length === 0)
  console.log(`with 0 findings the share of such trials that fail is below ${bound} % (95 %)`)
process.exit(report.findings.length === 0 ? 0 : 1)
