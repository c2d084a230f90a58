import { once } from 'node:events'
import { createServer } from 'node:net'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { createAddressPolicy } from './address-policy.ts'
import { createNaiveClient } from './naive-client.test-data.ts'
import { OutboundClient, type OutboundOptions, type OutboundRequest } from './outbound-client.ts'
import { REFUSED_HOSTS, REFUSED_URLS } from './refused-targets.test-data.ts'
import { createTestLookup, openTestWeb, PUBLIC_ADDRESS, type TestWebServer } from './test-web.ts'

const LIMITS: OutboundRequest = { maxBytes: 10_000, timeoutMs: 5_000 }
const PRIVATE_ADDRESS = '127.0.0.1'
/** Of the test's machine: loopback is what is private here, but for the one address that stands for the internet. */
const policy = createAddressPolicy([PUBLIC_ADDRESS])

const clientOf = (options: OutboundOptions = {}) => new OutboundClient({ policy, ...options })

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : `not an AppError: ${String(error)}`
  }
  return 'nothing was thrown'
}

describe('addresses', () => {
  const { refusalOf } = createAddressPolicy([], () => ['198.50.100.7', '2a01:4f8::7'])

  test('public ones may be reached', () => {
    for (const address of [
      '1.1.1.1',
      '8.8.8.8',
      '100.63.255.255',
      '100.128.0.1',
      '172.15.255.255',
      '172.32.0.1',
      '192.0.1.1',
      '198.17.255.255',
      '198.20.0.1',
      '223.255.255.255',
      '2606:4700:4700::1111',
      '2a00:1450:4001::200e',
      '2001:4860:4860::8888',
      '2001:200::1',
      '::ffff:8.8.8.8',
      '64:ff9b::8.8.8.8',
    ]) {
      expect(refusalOf(address), address).toBeNull()
    }
  })

  test("the machine's own are refused, in every dress", () => {
    for (const address of ['198.50.100.7', '::ffff:198.50.100.7', '2a01:4f8::7']) {
      expect(refusalOf(address)).toBe('it is the machine of the panel')
    }
  })

  test('what the host allows may be reached, and nothing beside it', () => {
    const allowing = createAddressPolicy(['10.1.0.0/16', 'fd00:1::/32'], () => ['10.1.0.1'])
    for (const address of ['10.1.0.1', '::ffff:10.1.2.3', '64:ff9b::10.1.2.3', 'fd00:1::5']) {
      expect(allowing.refusalOf(address), address).toBeNull()
    }
    for (const address of ['10.2.0.1', 'fd00:2::5', '127.0.0.1', '::1']) {
      expect(allowing.refusalOf(address), address).not.toBeNull()
    }
    expect(() => createAddressPolicy(['10.0.0.0/33'])).toThrow('10.0.0.0/33')
    expect(() => createAddressPolicy(['intranet'])).toThrow('intranet')
  })

  test('what is no address is refused', () => {
    for (const text of ['', 'localhost', '1.2.3', 'fe80::1%eth0', '2606:4700::1111%1', '8.8.8.8/8']) {
      expect(refusalOf(text), text).not.toBeNull()
    }
  })
})

describe('targets that nobody may reach', () => {
  const hosts = REFUSED_HOSTS
  const literals = hosts.map((host) => new URL(`http://${host}/`).hostname.replace(/^\[(.*)\]$/, '$1'))

  test('there are at least 250', () => {
    expect(hosts.length + REFUSED_URLS.length).toBeGreaterThanOrEqual(250)
  })

  test('are refused as they stand', async () => {
    const client = new OutboundClient()
    for (const host of hosts) {
      for (const scheme of ['http', 'https']) {
        const code = await codeOf(client.request(`${scheme}://${host}/`, LIMITS))
        expect(code, `${scheme}://${host}/`).toBe('OUTBOUND_REFUSED')
      }
    }
    for (const url of REFUSED_URLS) {
      expect(await codeOf(client.request(url, LIMITS)), url).toBe('OUTBOUND_URL_INVALID')
    }
  })

  test('are refused behind a name, also beside a public address', async () => {
    for (const literal of literals.filter((text) => !text.startsWith('localhost'))) {
      for (const answer of [[literal], ['8.8.8.8', literal], [literal, '8.8.8.8']]) {
        const client = new OutboundClient({ lookup: async () => answer })
        expect(await codeOf(client.request('http://a.example/', LIMITS)), answer.join()).toBe('OUTBOUND_REFUSED')
      }
    }
  })

  test('are refused behind a redirect', async () => {
    await using web = await openTestWeb(PUBLIC_ADDRESS, (request, response) => {
      const location = decodeURIComponent((request.url ?? '').slice(1))
      // UTF-8 as it comes over the wire.
      response.writeHead(302, { location: Buffer.from(location).toString('latin1') }).end()
    })
    const targets = [...hosts.map((host) => `http://${host}/`), ...REFUSED_URLS.filter((url) => /^\w+:/.test(url))]
    const client = clientOf()
    for (const target of targets) {
      const url = `http://${PUBLIC_ADDRESS}:${web.port}/${encodeURIComponent(target)}`
      expect(await codeOf(client.request(url, LIMITS)), target).toMatch(/^OUTBOUND_(REFUSED|URL_INVALID|FAILED)$/)
    }
    expect(web.connections()).toBe(targets.length)
  })

  test('ports that are none of the web are refused, except where the host allows the address', async () => {
    const lookup = async () => ['8.8.8.8']
    for (const port of [22, 25, 53, 110, 143, 389, 445, 587, 873, 1, 6000, 6667, 10080]) {
      expect(await codeOf(clientOf({ lookup }).request(`http://a.example:${port}/`, LIMITS)), String(port)).toBe(
        'OUTBOUND_REFUSED',
      )
    }
  })
})

/** Ways to a server on a private address, which a public one helps with. */
const ATTACKS: readonly {
  readonly name: string
  readonly answers: Readonly<Record<string, readonly (readonly string[])[]>>
  readonly path: string
}[] = [
  {
    name: 'a redirect to the address itself',
    answers: { 'a.example': [[PUBLIC_ADDRESS]] },
    path: '/to-private-address',
  },
  {
    name: 'a redirect to a name of the address',
    answers: { 'a.example': [[PUBLIC_ADDRESS]], 'inside.example': [[PRIVATE_ADDRESS]] },
    path: '/to-private-name',
  },
  {
    name: 'a name that points elsewhere when it is looked up again',
    answers: { 'a.example': [[PUBLIC_ADDRESS], [PRIVATE_ADDRESS]] },
    path: '/file',
  },
  {
    name: 'a redirect to the same name, which points elsewhere by then',
    answers: { 'a.example': [[PUBLIC_ADDRESS], [PUBLIC_ADDRESS], [PRIVATE_ADDRESS]] },
    path: '/again/again/again',
  },
]

interface Stage extends AsyncDisposable {
  readonly web: TestWebServer
  readonly inside: TestWebServer
}

/** A public server and a private one on the same port, so that a name can move from one to the other. */
async function openStage(): Promise<Stage> {
  const inside = await openTestWeb(PRIVATE_ADDRESS, (_request, response) => void response.end('secret'))
  const { port } = inside
  const web = await openTestWeb(
    PUBLIC_ADDRESS,
    (request, response) => {
      const path = request.url ?? ''
      const location = path.startsWith('/again')
        ? `http://a.example:${port}${path.slice('/again'.length) || '/file'}`
        : { '/to-private-address': `http://127.1:${port}/`, '/to-private-name': `http://inside.example:${port}/` }[path]
      if (location === undefined) response.end('public')
      else response.writeHead(307, { location }).end()
    },
    port,
  )
  return {
    web,
    inside,
    async [Symbol.asyncDispose]() {
      await web[Symbol.asyncDispose]()
      await inside[Symbol.asyncDispose]()
    },
  }
}

describe('a private server', () => {
  for (const { name, answers, path } of ATTACKS) {
    test(`is not reached by ${name}`, async () => {
      await using stage = await openStage()
      const { lookup } = createTestLookup(answers)
      await clientOf({ lookup })
        .request(`http://a.example:${stage.web.port}${path}`, LIMITS)
        .then(
          ({ body }) => expect(body.toString()).toBe('public'),
          (error: { code: string }) => expect(error.code).toBe('OUTBOUND_REFUSED'),
        )
      expect(stage.inside.connections()).toBe(0)
    })
  }

  test('negative control: a guard that judges names is passed by every one of these ways', async () => {
    for (const { name, answers, path } of ATTACKS) {
      await using stage = await openStage()
      const { lookup } = createTestLookup(answers)
      expect(await createNaiveClient(policy, lookup)(`http://a.example:${stage.web.port}${path}`), name).toBe('secret')
      expect(stage.inside.connections(), name).toBe(1)
    }
  })

  test('a name is looked up once for each connection', async () => {
    await using web = await openTestWeb(PUBLIC_ADDRESS, (_request, response) => void response.end('public'))
    const { lookup, asked } = createTestLookup({ 'a.example': [[PUBLIC_ADDRESS], [PRIVATE_ADDRESS]] })
    const { body } = await clientOf({ lookup }).request(`http://a.example:${web.port}/`, LIMITS)
    expect(body.toString()).toBe('public')
    expect(asked).toEqual(['a.example'])
  })

  test('the peer of the open socket is judged again, before a byte is sent', async () => {
    const received: Buffer[] = []
    const server = createServer((socket) => socket.on('data', (chunk) => received.push(chunk)))
    server.listen(0, PUBLIC_ADDRESS)
    await once(server, 'listening')
    const ended = once(server, 'connection').then(([socket]) => once(socket, 'close'))
    let questions = 0
    const turning = { isAllowedByHost: () => true, refusalOf: () => (questions++ === 0 ? null : 'it has changed') }
    const { port } = server.address() as { port: number }
    const refused = codeOf(clientOf({ policy: turning }).request(`http://${PUBLIC_ADDRESS}:${port}/`, LIMITS))
    expect(await refused).toBe('OUTBOUND_REFUSED')
    await ended
    expect(Buffer.concat(received).toString()).toBe('')
    expect(questions).toBe(2)
    server.close()
  })
})

describe('redirects', () => {
  test('are followed five times, with what is secret left at the first origin', async () => {
    await using other = await openTestWeb('127.0.0.3', (_request, response) => void response.end('end'))
    await using web = await openTestWeb(PUBLIC_ADDRESS, (request, response) => {
      const left = Number((request.url ?? '').slice(1))
      const location = left > 1 ? `/${left - 1}` : `http://127.0.0.3:${other.port}/`
      response.writeHead(301, { location }).end('a body that nobody reads')
    })
    const client = clientOf({ policy: createAddressPolicy([PUBLIC_ADDRESS, '127.0.0.3']) })
    const headers = { 'x-token': 'secret' }
    const url = (hops: number) => `http://${PUBLIC_ADDRESS}:${web.port}/${hops}`
    const answer = await client.request(url(5), { ...LIMITS, headers })
    expect(answer.body.toString()).toBe('end')
    expect(answer.url.href).toBe(`http://127.0.0.3:${other.port}/`)
    expect(web.headers.every((sent) => sent['x-token'] === 'secret')).toBe(true)
    expect(other.headers[0]).not.toHaveProperty('x-token')
    expect(await codeOf(client.request(url(6), LIMITS))).toBe('OUTBOUND_FAILED')
  })

  test('of a POST are an error', async () => {
    await using web = await openTestWeb(PUBLIC_ADDRESS, (_request, response) => {
      response.writeHead(307, { location: '/elsewhere' }).end()
    })
    const request = { ...LIMITS, method: 'POST', body: Buffer.from('x') } as const
    expect(await codeOf(clientOf().request(`http://${PUBLIC_ADDRESS}:${web.port}/`, request))).toBe('OUTBOUND_FAILED')
    expect(web.requests).toEqual(['POST /'])
  })
})

describe('an answer', () => {
  const ask = async (listener: Parameters<typeof openTestWeb>[1], limits: Partial<OutboundRequest> = {}) => {
    await using web = await openTestWeb(PUBLIC_ADDRESS, listener)
    return await clientOf().request(`http://${PUBLIC_ADDRESS}:${web.port}/`, { ...LIMITS, ...limits })
  }

  test('is given whole, whatever its type, with its status', async () => {
    const answer = await ask((_request, response) => {
      response.writeHead(404, { 'content-type': 'image/png' }).end('not here')
    })
    expect(answer).toMatchObject({ status: 404, body: Buffer.from('not here') })
  })

  test('is decompressed, with an end', async () => {
    for (const [encoding, pack] of [
      ['gzip', gzipSync],
      ['br', brotliCompressSync],
    ] as const) {
      const send = (size: number) =>
        ask((_request, response) => {
          response.writeHead(200, { 'content-encoding': encoding }).end(pack(Buffer.alloc(size, 'x')))
        })
      expect((await send(10_000)).body.length).toBe(10_000)
      // A bomb: 8 MiB from a few kilobytes.
      expect(await codeOf(send(8 * 1_048_576)), encoding).toBe('OUTBOUND_TOO_LARGE')
    }
    const strange = (_request: unknown, response: import('node:http').ServerResponse) => {
      response.writeHead(200, { 'content-encoding': 'zip' }).end('x')
    }
    expect(await codeOf(ask(strange))).toBe('OUTBOUND_FAILED')
  })

  test('that is too large is not taken, whether it says so, lies, or never ends', async () => {
    const says = ask((_request, response) => {
      response.writeHead(200, { 'content-length': 10_001 }).flushHeaders()
    })
    expect(await codeOf(says)).toBe('OUTBOUND_TOO_LARGE')
    const endless = ask((_request, response) => {
      const pour = (): void => {
        while (response.write('x'.repeat(1000)));
        response.once('drain', pour)
      }
      pour()
    })
    expect(await codeOf(endless)).toBe('OUTBOUND_TOO_LARGE')
    const manyHeaders = ask((_request, response) => void response.setHeader('x', 'y'.repeat(100_000)).end())
    expect(await codeOf(manyHeaders)).toBe('OUTBOUND_FAILED')
  })

  test('that stops short, or never begins, is an error', async () => {
    const cut = ask((_request, response) => {
      response.writeHead(200, { 'content-length': 100 })
      response.write('half', () => response.destroy())
    })
    expect(await codeOf(cut)).toBe('OUTBOUND_FAILED')
    expect(await codeOf(ask(() => undefined, { idleMs: 50 }))).toBe('OUTBOUND_FAILED')
  })

  test('that drips ends with the time that there is', async () => {
    const drops: NodeJS.Timeout[] = []
    const dripping = ask(
      (_request, response) => {
        drops.push(setInterval(() => response.write('.'), 5))
      },
      { timeoutMs: 100 },
    )
    expect(await codeOf(dripping)).toBe('OUTBOUND_FAILED')
    for (const drop of drops) clearInterval(drop)
  })

  test('is given up when its caller is gone', async () => {
    const caller = new AbortController()
    const answer = ask(() => caller.abort(new Error('gone')), { signal: caller.signal })
    await expect(answer).rejects.toThrow('gone')
  })

  test('nothing is answered where nothing listens, and where no name is known', async () => {
    const { port } = await openTestWeb(PUBLIC_ADDRESS, () => undefined).then(async (web) => {
      await web[Symbol.asyncDispose]()
      return web
    })
    const { lookup } = createTestLookup({ 'none.example': [[]] })
    for (const url of [`http://${PUBLIC_ADDRESS}:${port}/`, 'http://none.example/', 'http://unknown.example/']) {
      expect(await codeOf(clientOf({ lookup }).request(url, LIMITS)), url).toBe('OUTBOUND_FAILED')
    }
  })
})
