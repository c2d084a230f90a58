import { describe, expect, test } from 'vitest'
import { createTestLookup, openTestWeb, PUBLIC_ADDRESS } from './test-web.ts'
import { createWebClient, type WebOptions } from './web-client.ts'

const clientOf = (options: WebOptions = {}) => createWebClient({ allow: [PUBLIC_ADDRESS], idleMs: 2_000, ...options })
const request = { headers: {}, signal: new AbortController().signal }

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : `no AppError: ${String(error)}`
  }
  return 'nothing was thrown'
}

/** What nobody may make the agent connect to, in the dresses in which it comes. */
const PRIVATE_HOSTS = [
  '169.254.169.254',
  '127.0.0.1',
  '[::1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:a9fe:a9fe]',
  '[64:ff9b::10.0.0.1]',
  '0x7f.1',
  '2130706433',
  '0177.0.0.1',
  '10.0.0.1',
  '192.168.1.1',
  '100.64.0.1',
  '[fd00::1]',
  '[fe80::1]',
  '0.0.0.0',
  '[2002:7f00:1::]',
]

describe('private addresses', () => {
  test('are refused as they stand, before anything is sent', async () => {
    const client = clientOf()
    for (const host of PRIVATE_HOSTS) {
      expect(() => client.check(`http://${host}/`), host).toThrow(/does not connect/)
      expect(await codeOf(client.get(`http://${host}/`, request)), host).toBe('PULL_REFUSED')
    }
  })

  test('are refused behind a redirect', async () => {
    await using secret = await openTestWeb((_request, response) => void response.end('secret'), '127.0.0.1')
    const targets = [
      ...PRIVATE_HOSTS.map((host) => `http://${host}:${secret.port}/`),
      'file:///etc/passwd',
      'gopher://a/',
    ]
    for (const location of targets) {
      await using web = await openTestWeb((_request, response) => void response.writeHead(302, { location }).end())
      expect(await codeOf(clientOf().get(web.origin, request)), location).toMatch(
        /^(PULL_REFUSED|OUTBOUND_URL_INVALID)$/,
      )
    }
    expect(secret.connections()).toBe(0)
  })

  test('are refused behind a name, also when it changes its mind between question and connection', async () => {
    await using secret = await openTestWeb((_request, response) => void response.end('secret'), '127.0.0.1')
    await using web = await openTestWeb(
      (_request, response) => void response.writeHead(302, { location: `http://rebind.example:${secret.port}/` }).end(),
      PUBLIC_ADDRESS,
    )
    for (const answers of [[['127.0.0.1']], [[PUBLIC_ADDRESS, '127.0.0.1']], [[PUBLIC_ADDRESS], ['127.0.0.1']]]) {
      const client = clientOf({ lookup: createTestLookup(answers) })
      expect(await codeOf(client.get(`http://rebind.example:${web.port}/`, request)), answers.join(' then ')).toBe(
        'PULL_REFUSED',
      )
    }
    expect(secret.connections()).toBe(0)
  })

  test('negative control: a client that judges names by a question of its own is fooled', async () => {
    await using secret = await openTestWeb((_request, response) => void response.end('secret'), '127.0.0.1')
    const lookup = createTestLookup([[PUBLIC_ADDRESS], ['127.0.0.1']])
    const host = 'rebind.example'
    // Checked with one answer, connected with the next: what `fetch` after a check does.
    const [checked] = await lookup(host)
    expect(checked).toBe(PUBLIC_ADDRESS)
    const [connected] = await lookup(host)
    expect(await (await fetch(`http://${connected}:${secret.port}/`)).text()).toBe('secret')
  })

  test('are reached where whoever operates the node allows it, and denied wins', async () => {
    await using web = await openTestWeb((_request, response) => void response.end('ok'), '127.0.0.3')
    const answer = await clientOf({ allow: ['127.0.0.0/8'] }).get(web.origin, request)
    expect(answer.status).toBe(200)
    answer.close()
    const denying = clientOf({ allow: ['127.0.0.0/8'], deny: ['127.0.0.3'] })
    expect(await codeOf(denying.get(web.origin, request))).toBe('PULL_REFUSED')
  })
})

describe('names', () => {
  test('that are forbidden, or not among those that are allowed, are not even looked up', async () => {
    let asked = 0
    const lookup = async () => [`127.0.0.${++asked}`]
    const denying = clientOf({ deny: ['*.evil.example', 'evil.example'], lookup })
    for (const host of ['evil.example', 'a.evil.example', 'EVIL.example.', 'a.b.evil.example']) {
      expect(await codeOf(denying.get(`http://${host}/`, request)), host).toBe('PULL_REFUSED')
    }
    const choosing = clientOf({ hosts: ['*.good.example'], lookup })
    expect(await codeOf(choosing.get('http://other.example/', request))).toBe('PULL_REFUSED')
    expect(asked).toBe(0)
    expect(() => choosing.check('http://cdn.good.example/')).not.toThrow()
    expect(() => createWebClient({ hosts: ['a b'] })).toThrow('a b')
  })
})

describe('answers', () => {
  test('an address that leads on for ever ends', async () => {
    await using web = await openTestWeb(
      (_request, response) => void response.writeHead(302, { location: '/again' }).end(),
    )
    expect(await codeOf(clientOf().get(web.origin, request))).toBe('PULL_FAILED')
    expect(web.requests.length).toBe(6)
  })

  test.each([404, 500, 204, 304])('status %i is no file', async (status) => {
    await using web = await openTestWeb((_request, response) => void response.writeHead(status).end())
    expect(await codeOf(clientOf().get(web.origin, request))).toBe('PULL_FAILED')
  })

  test('one that never says anything ends', async () => {
    await using web = await openTestWeb(() => undefined)
    expect(await codeOf(clientOf({ idleMs: 50 }).get(web.origin, request))).toBe('PULL_FAILED')
  })

  test('no cookie, no password and nothing of the agent is sent', async () => {
    await using web = await openTestWeb((_request, response) => void response.end('ok'))
    const answer = await clientOf().get(`${web.origin}/a?b=c`, request)
    answer.close()
    expect(Object.keys(web.requests[0]!.headers).toSorted()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'host',
      'user-agent',
    ])
    expect(web.requests[0]!.headers['accept-encoding']).toBe('identity')
    expect(() => clientOf().check('http://user:secret@example.com/')).toThrow(/user name/)
  })
})
