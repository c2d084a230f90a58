import { attackCredentials } from './credentials.ts'
import type { Breakage } from './panel-process.ts'
import { Report } from './report.ts'
import { attackRequests } from './requests.ts'
import { castOf, Stage, type Cast } from './stage.ts'

const THEME = 'negative controls'

const BROKEN: readonly (readonly [Breakage, RegExp, (stage: Stage, cast: Cast, report: Report) => Promise<void>])[] = [
  ['authorisation', /answered to (?:outsider|subuser)/, (stage, cast, report) => requests(stage, cast, report)],
  ['write', /changed the database/, (stage, cast, report) => requests(stage, cast, report)],
  ['crash', /crashed|no answer/, (stage, cast, report) => requests(stage, cast, report)],
  ['leak', /tells a hash/, (stage, cast, report) => hashes(stage, cast, report)],
  [
    'origin',
    /foreign origin was taken|foreign page/,
    (stage, cast, report) => attackCredentials(stage, cast, report, 1),
  ],
]

/** Panels with a hole each: a suite that passes one of them proves nothing about the others. */
export async function tryBrokenPanels(report: Report): Promise<void> {
  for (const [breakage, expected, attack] of BROKEN) {
    await using stage = await Stage.open(breakage)
    const cast = await castOf(stage)
    const own = new Report()
    await attack(stage, cast, own).catch((error: unknown) => own.found('attack', 'ended early', String(error)))
    const isCaught = own.findings.some((finding) => expected.test(finding))
    report.expect(THEME, isCaught, `a panel with broken ${breakage} passed`, own.findings.join('; '))
    if (stage.isAlive) await cast.agent[Symbol.asyncDispose]()
  }
}

const requests = (stage: Stage, cast: Cast, report: Report): Promise<void> =>
  attackRequests(stage, cast, report, { perEndpoint: 4, seed: 3 })

/** What answers say about the signed-in account, against what the database keeps of it. */
export async function hashes(stage: Stage, cast: Cast, report: Report): Promise<void> {
  const cookie = await stage.cookieOf(cast.owner)
  const answer = await stage.json('GET', '/account', { cookie })
  const tables = await stage.ask('tables')
  const kept = JSON.stringify([tables['sessions'], tables['users'], tables['api_keys']])
  const words = `${JSON.stringify(answer.headers)}${answer.text}`.match(/[0-9a-f]{64}|\$argon2[^"]+/g) ?? []
  report.expect(
    THEME,
    !words.some((word) => kept.includes(word)),
    'an answer tells a hash of the database',
    answer.text,
  )
}
