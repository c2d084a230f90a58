import { CONTRACTS, type ContractSpec } from '@hatchery/core/api'
import { mutationsOf, type Mutation } from './mutations.ts'
import type { Report } from './report.ts'
import { NOWHERE, pick, randomFrom } from './samples.ts'
import { difference, settled, type Answer, type Cast, type Headers, type Stage } from './stage.ts'

type Who = 'anonymous' | 'outsider' | 'subuser' | 'administrator'
const THEME = 'requests'
/** What the subuser of the stage may do. */
const GRANTED = new Set(['control.console', 'websocket.connect'])
/** Answers that are about the node, or a host that was to be asked, and not about the request. */
const OF_OTHERS = new Set(['NODE_UNREACHABLE', 'NODE_TIMEOUT', 'NODE_REFUSED', 'OUTBOUND_FAILED'])
/** After so many refusals the database is compared. */
const COMPARE_EVERY = 200

/**
 * Every endpoint, with requests that are wrong in every way its schemas allow, as four kinds of caller: each answer is a
 * refusal in the one shape, what was refused changed nothing, and nobody gets what their permissions do not name.
 */
export async function attackRequests(
  stage: Stage,
  cast: Cast,
  report: Report,
  { perEndpoint, seed }: { readonly perEndpoint: number; readonly seed: number },
): Promise<void> {
  const random = randomFrom(seed)
  for (const who of ['anonymous', 'outsider', 'subuser', 'administrator'] as const) {
    let headers = await headersOf(stage, cast, who)
    let before = await settled(stage)
    let refused: string[] = []
    const compare = async () => {
      const after = await stage.ask('tables')
      for (const change of difference(before, after).filter((line) => !isExpected(line)))
        report.found(
          THEME,
          `a refused request of ${who} changed the database`,
          `${change}\n      ${refused.slice(-5).join(' | ')}`,
        )
      before = after
      refused = []
    }

    for (const [name, contract] of CONTRACTS) {
      const all = mutationsOf(contract, paramsOf(contract, cast, who)).filter(
        // An administrator who asks another endpoint of the same path is no attack.
        (mutation) => who !== 'administrator' || mutation.method === contract.method || !isSibling(mutation),
      )
      for (const mutation of pick(all, perEndpoint, random)) {
        const label = `${who} ${mutation.method} ${mutation.path.slice(0, 120)} [${mutation.what.slice(0, 80)}]`
        report.tried(THEME)
        const answer = await send(stage, mutation, headers, report, label)
        if (!answer) {
          if (!stage.isAlive) return
          continue
        }
        judge(report, name, contract, mutation, answer, who, label)
        if (answer.status < 400 && mutation.method !== 'GET' && mutation.method !== 'HEAD') {
          // What was accepted may change things; from here on nothing else may.
          if (refused.length > 0) refused.push(label)
          before = await settled(stage)
          refused = []
        } else if (refused.push(label) >= COMPARE_EVERY) await compare()
        if (answer.code === 'NOT_SIGNED_IN' && who !== 'anonymous') headers = await headersOf(stage, cast, who)
      }
    }
    await compare()
  }
}

/** Wrong passwords are counted and noted; agents report when they like. */
function isExpected(change: string): boolean {
  return change.startsWith('event_log: ') && /sign-in|password/.test(change)
}

async function headersOf(stage: Stage, cast: Cast, who: Who): Promise<Headers> {
  if (who === 'anonymous') return {}
  const user = who === 'administrator' ? cast.admin : cast[who]
  return { cookie: await stage.cookieOf(user) }
}

/** Things that exist where the caller may not harm the stage with them; an administrator gets ids of nothing. */
function paramsOf(contract: ContractSpec, cast: Cast, who: Who): Record<string, string> {
  const isHarmless = who !== 'administrator' || contract.method === 'GET'
  const known: Record<string, string> = { server: cast.server.uuid, node: cast.node, user: cast.owner.uuid }
  const names = [...contract.path.matchAll(/:(\w+)/g)].map(([, name = '']) => name)
  return Object.fromEntries(
    names.map((name) => {
      if (name === 'kind') return [name, 'billing']
      if (name === 'feature') return [name, 'eula']
      const isOfServer = name === 'server' && contract.method !== 'DELETE'
      return [name, isHarmless || isOfServer ? (known[name] ?? NOWHERE) : NOWHERE]
    }),
  )
}

async function send(
  stage: Stage,
  mutation: Mutation,
  headers: Headers,
  report: Report,
  label: string,
): Promise<Answer | null> {
  try {
    return await stage.call({ ...mutation, headers: { ...mutation.headers, ...headers } })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    // The client itself refuses to write what no header may hold: those go over raw sockets.
    if (code === 'ERR_INVALID_CHAR' || code === 'ERR_UNESCAPED_CHARACTERS') return null
    if (!stage.isAlive) report.found(THEME, 'the panel crashed', label)
    else if (code !== 'ECONNRESET' && code !== 'EPIPE') report.found(THEME, 'no answer', `${label}: ${String(error)}`)
    return null
  }
}

function judge(
  report: Report,
  name: string,
  contract: ContractSpec,
  mutation: Mutation,
  answer: Answer,
  who: Who,
  label: string,
): void {
  const example = `${label} → ${answer.status} ${answer.text.slice(0, 200)}`
  if (answer.status >= 500 && !OF_OTHERS.has(answer.code ?? '')) {
    report.found(THEME, `${name} answered ${answer.status} ${answer.code}`, example)
    return
  }
  if (answer.status >= 400) {
    // HEAD has no body, and an expectation is answered below our code.
    if (mutation.method !== 'HEAD' && answer.status !== 417 && answer.code === null)
      report.found(THEME, 'an error without the one shape', example)
    if (/\n\s+at |node_modules|\.ts:\d|SQLITE|sqlite|constraint/.test(answer.text))
      report.found(THEME, 'an error tells about the inside', example)
    return
  }
  if (mutation.method !== contract.method) {
    if (mutation.method === 'OPTIONS' || isSibling(mutation)) return
    report.found(THEME, `${name} answered to another method`, example)
    return
  }
  if (mutation.path.split('?')[0] !== mutation.path.split('?')[0]?.replace(/%2e|%2f|\.\./gi, '')) return
  const isTraversal = mutation.what.startsWith(':')
  if (!isTraversal && !mayAnswer(contract, who)) report.found(THEME, `${name} answered to ${who}`, example)
}

/** Another endpoint has this method on this path. */
function isSibling({ method, path }: Mutation): boolean {
  const below = path.replace(/^\/api\/v1/, '').split('?')[0] ?? ''
  return [...CONTRACTS.values()].some(
    (other) => other.method === method && new RegExp(`^${other.path.replace(/:\w+/g, '[^/]+')}$`).test(below),
  )
}

/** Whether success is possible for this caller on the server of the stage. */
function mayAnswer({ permission }: ContractSpec, who: Who): boolean {
  if (permission === 'public' || who === 'administrator') return true
  if (permission === 'node' || who === 'anonymous') return false
  if ('by' in permission)
    return Object.values(permission.map).some((spec) => mayAnswer({ permission: spec } as ContractSpec, who))
  if ('account' in permission) return true
  if ('admin' in permission) return false
  return who === 'subuser' && GRANTED.has(permission.server)
}
