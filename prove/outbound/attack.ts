import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import process from 'node:process'
import { createClient, HatcheryError } from '@hatchery/core/sdk'
import { REFUSED_HOSTS, REFUSED_URLS } from '../../packages/panel/src/outbound/refused-targets.test-data.ts'
import { brokenBy, type Breakage } from '../broken/break-source.ts'
import { PUBLIC_ADDRESS, type Network } from './network.ts'

export interface AttackResult {
  readonly requests: number
  readonly hosts: number
  readonly forbidden: number
  readonly allowed: number
  /** Answers by their code. */
  readonly codes: Readonly<Record<string, number>>
  /** What should have been refused and was not, or the other way round. */
  readonly wrong: readonly string[]
}

type Client = ReturnType<typeof createClient>

/** One way to a host. @returns the address to fetch */
type Way = (network: Network, host: string) => string

const literalOf = (host: string): string => new URL(`http://${host}/`).hostname.replace(/^\[(.*)\]$/, '$1')
const isAddress = (host: string): boolean => !literalOf(host).startsWith('localhost')
const named = (network: Network, answers: readonly (readonly string[])[]) =>
  `http://${network.names.add(answers)}:${network.publicPort}/egg.json`
const throughRedirect = (network: Network, to: string): string =>
  `http://${PUBLIC_ADDRESS}:${network.publicPort}/to/${encodeURIComponent(to)}`

const WAYS: Readonly<Record<string, Way>> = {
  'as it stands': (_network, host) => `http://${host}/egg.json`,
  'over https': (_network, host) => `https://${host}/egg.json`,
  'behind a name': (network, host) => named(network, [[literalOf(host)]]),
  'behind a name with a good answer first': (network, host) => named(network, [[PUBLIC_ADDRESS, literalOf(host)]]),
  'behind a name that turns': (network, host) => named(network, [[PUBLIC_ADDRESS], [literalOf(host)]]),
  'behind a redirect': (network, host) => throughRedirect(network, `http://${host}/egg.json`),
  'behind a redirect to a name': (network, host) => throughRedirect(network, named(network, [[literalOf(host)]])),
  'behind a redirect to a name that turns': (network, host) =>
    throughRedirect(network, named(network, [[PUBLIC_ADDRESS], [literalOf(host)]])),
}

/** Sends a panel everywhere that it must not go. */
export async function attack(
  network: Network,
  { isFull, breakage }: { readonly isFull: boolean; readonly breakage?: Breakage },
): Promise<AttackResult> {
  network.rest()
  await using panel = await startPanel(breakage)
  const client = createClient({ url: panel.url })
  const features = await featuresOf(client)
  network.watch(Number(new URL(panel.url).port))
  const codes: Record<string, number> = {}
  const wrong: string[] = []
  let requests = 0
  const hosts = REFUSED_HOSTS.filter((_host, index) => isFull || index % (breakage === undefined ? 2 : 12) === 0)
  for (const [feature, { ask, share }] of Object.entries(features)) {
    for (const [way, addressOf] of Object.entries(WAYS)) {
      for (const [index, host] of hosts.entries()) {
        if ((!isFull && index % share !== 0) || (way.includes('name') && !isAddress(host))) continue
        const code = await ask(addressOf(network, host))
        requests++
        codes[code] = (codes[code] ?? 0) + 1
        // A name that turns is asked once: then it is the public one.
        const isPublic = way.includes('turns') && /^(answered|EGG_INVALID|GIT_PROTOCOL_FAILED)$/.test(code)
        if (!isPublic && !/^OUTBOUND_(REFUSED|FAILED|URL_INVALID)$/.test(code)) {
          wrong.push(`${feature}, ${way}, ${host}: ${code}`)
        }
      }
    }
  }
  for (const url of REFUSED_URLS) {
    const code = await codeOf(client.fetchEgg({ body: { url } }))
    requests++
    if (code !== 'OUTBOUND_URL_INVALID' && code !== 'VALIDATION_FAILED') wrong.push(`${url}: ${code}`)
  }
  const { forbidden, allowed } = network.counted()
  if (allowed === 0) wrong.push('nothing was fetched from the public address: nothing was proven')
  return { requests, hosts: hosts.length, forbidden, allowed, codes, wrong }
}

interface Feature {
  /** @returns the code of the refusal */
  ask(url: string): Promise<string>
  /** In the quick form, one of so many hosts. */
  readonly share: number
}

/** Everything in the panel that fetches from where a person says. */
async function featuresOf(client: Client): Promise<Readonly<Record<string, Feature>>> {
  const nest = await client.createNest({ body: { name: 'Eggs' } })
  const text = readFileSync(path.join(import.meta.dirname, '../../packages/panel/src/nodes/test-egg.json'), 'utf8')
  const egg = await client.importEgg({ body: { nest: nest.id, text } })
  let count = 0
  return {
    fetchEgg: { share: 1, ask: (url) => codeOf(client.fetchEgg({ body: { url } })) },
    checkEggUpdate: {
      share: 4,
      ask: (url) => codeOf(client.checkEggUpdate({ params: { egg: egg.id }, body: { url } })),
    },
    syncEggRepository: {
      share: 16,
      async ask(url) {
        const body = { name: `r${++count}`, url }
        let id: string
        try {
          const created = await client.createEggRepository({ body })
          id = created.id
        } catch (error) {
          return error instanceof HatcheryError ? error.code : String(error)
        }
        for (;;) {
          const { status, error } = await client.getEggRepository({ params: { repository: id } })
          if (status === 'failed') return error?.code ?? 'no code'
          if (status === 'synced') return 'synced'
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
      },
    },
  }
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'answered'
  } catch (error) {
    return error instanceof HatcheryError ? error.code : String(error)
  }
}

async function startPanel(breakage: Breakage | undefined): Promise<AsyncDisposable & { readonly url: string }> {
  const directory = mkdtempSync(path.join(tmpdir(), 'hatchery-prove-outbound-panel-'))
  const args = [
    '--conditions=@hatchery/source',
    path.join(import.meta.dirname, 'panel-process.ts'),
    directory,
    PUBLIC_ADDRESS,
  ]
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...brokenBy(breakage) },
  })
  const exited = once(child, 'exit')
  const first = once(createInterface(child.stdout), 'line').then(([line]) => String(line))
  const url = await Promise.race([
    first,
    exited.then(([code]): never => {
      throw new Error(`the panel ended with code ${code}`)
    }),
  ])
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await exited
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
