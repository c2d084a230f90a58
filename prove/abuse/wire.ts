import type { Report } from './report.ts'
import { sendRaw, statusOf, upgradeBytes } from './raw.ts'
import type { Stage } from './stage.ts'

const THEME = 'bytes on the wire'

/** Requests and upgrades that no HTTP client would write. */
export async function attackWire(stage: Stage, report: Report): Promise<void> {
  const { host } = new URL(stage.url)
  const get = (target: string, ...headers: string[]) =>
    [`GET ${target} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...headers, '', ''].join('\r\n')
  const post = (headers: readonly string[], body: string) =>
    [`POST /api/v1/auth/sign-in HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...headers, '', body].join('\r\n')

  const requests: (readonly [string, string | Buffer])[] = [
    ['garbage', Buffer.from([0, 1, 2, 255, 254, 13, 10, 13, 10])],
    ['a TLS hello', Buffer.from('16030100a5010000a10303', 'hex')],
    ['no version', 'GET /\r\n\r\n'],
    ['HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['HTTP/0.9', 'GET /api/v1/health HTTP/0.9\r\n\r\n'],
    ['no host', 'GET /api/v1/health HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['two hosts', `GET /api/v1/health HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n`],
    ['headers without end', `GET / HTTP/1.1\r\nHost: ${host}\r\nX: ${'x'.repeat(70_000)}`],
    ['3,000 headers', get('/api/v1/health', ...Array.from({ length: 3000 }, (_, index) => `X-${index}: 1`))],
    ['NUL in a header', get('/api/v1/account', 'X-A: a\0b')],
    ['bare LF', `GET /api/v1/health HTTP/1.1\nHost: ${host}\n\n`],
    ['folded header', get('/api/v1/account', 'X-A: a', ' folded: b')],
    ['two lengths', post(['Content-Type: application/json', 'Content-Length: 2', 'Content-Length: 3'], '{}x')],
    [
      'length and chunks',
      post(
        ['Content-Type: application/json', 'Content-Length: 4', 'Transfer-Encoding: chunked'],
        '0\r\n\r\nGET /api/v1/users HTTP/1.1\r\n\r\n',
      ),
    ],
    ['odd encoding', post(['Transfer-Encoding: xchunked', 'Content-Type: application/json'], '{}')],
    ['broken chunks', post(['Transfer-Encoding: chunked', 'Content-Type: application/json'], 'zz\r\n{}\r\n')],
    ['huge chunk', post(['Transfer-Encoding: chunked', 'Content-Type: application/json'], 'fffffffffffffff0\r\n{}')],
    ['negative length', post(['Content-Type: application/json', 'Content-Length: -1'], '{}')],
    ['huge length', post(['Content-Type: application/json', 'Content-Length: 99999999999999999999'], '{}')],
    ['length of 10 GB', post(['Content-Type: application/json', 'Content-Length: 10000000000'], '{}')],
  ]
  for (const target of TARGETS) {
    requests.push([`target ${target.slice(0, 60)}`, get(target)])
    requests.push([`target ${target.slice(0, 60)} by POST`, get(target).replace(/^GET/, 'POST')])
  }
  for (const [what, bytes] of requests) {
    const answer = await sendRaw(stage.url, bytes, { waitMs: 400 })
    report.tried(THEME)
    if (statusOf(answer) >= 500 && statusOf(answer) !== 505)
      report.found(THEME, `${what} answered ${statusOf(answer)}`, answer.slice(0, 400))
    if (/passwd:|root:x:|node_modules|\n\s+at /.test(answer))
      report.found(THEME, 'an answer tells about the inside', answer.slice(0, 400))
    if (!stage.isAlive) return report.found(THEME, 'the panel crashed', `${what}\n${stage.log.slice(-1500)}`)
  }

  for (const target of [...TARGETS, ...UPGRADE_TARGETS]) {
    const answer = await sendRaw(stage.url, upgradeBytes(stage.url, { path: target }), { waitMs: 400 })
    report.tried(THEME)
    const status = statusOf(answer)
    if (status >= 500 && status !== 503)
      report.found(THEME, `an upgrade answered ${status}`, `${target}: ${answer.slice(0, 300)}`)
    if (!stage.isAlive)
      return report.found(THEME, 'the panel crashed at an upgrade', `${target}\n${stage.log.slice(-1500)}`)
  }
  for (const headers of UPGRADE_HEADERS) {
    for (const path of ['/api/v1/live', '/api/agent/link?node=018f4b1e-0000-7000-8000-000000000000']) {
      const answer = await sendRaw(stage.url, upgradeBytes(stage.url, { path, headers }), { waitMs: 400 })
      report.tried(THEME)
      if (statusOf(answer) >= 500 && statusOf(answer) !== 503)
        report.found(THEME, `an upgrade answered ${statusOf(answer)}`, `${headers.join()}: ${answer.slice(0, 300)}`)
      if (!stage.isAlive)
        return report.found(THEME, 'the panel crashed at an upgrade', `${headers.join()}\n${stage.log.slice(-1500)}`)
    }
  }
}

const TARGETS = [
  '*',
  '//',
  '///',
  '//evil.example/api/v1/health',
  'http://evil.example/api/v1/health',
  'http://[/',
  'https://[::1/api/v1/account',
  '/%',
  '/%00',
  '/api/v1/%00',
  '/api/v1/servers/%ff',
  '/api/v1/../../../../etc/passwd',
  '/..%2f..%2f..%2fetc%2fpasswd',
  '/assets/..%2f..%2f..%2fpackage.json',
  '/assets/%2e%2e/%2e%2e/package.json',
  '/.%2e/.%2e/etc/passwd',
  '/\\..\\..\\etc\\passwd',
  '/api/v1/health;a=b',
  '/api/v1/health/',
  '/API/V1/HEALTH',
  '/api/v1//health',
  '/api/./v1/health',
  '/api/v1/health#x',
  '/api/v1/health?' + 'a'.repeat(14_000),
  '/' + 'a/'.repeat(5000),
  '/api/agent/link',
  '/api/docs/../v1/account',
  '/index.html%00.png',
  'api/v1/health',
  '?',
  '/api/v1/live',
  '/api/remote/servers',
  '/api/remote/%2e%2e/servers',
]

const UPGRADE_TARGETS = [
  '/api/agent/link?node=',
  '/api/agent/link?node=%',
  '/api/agent/link?node=%00',
  `/api/agent/link?node=${'-'.repeat(36)}`,
  `/api/agent/link?node=${'a'.repeat(36)}&node=${'b'.repeat(36)}`,
  '/api/agent/link?[',
  '/api/agent/link?node=018f4b1e-0000-7000-8000-000000000000#',
  '/api/v1/live?[]',
  '/api/v1/live/../live',
  '//api/agent/link?node=018f4b1e-0000-7000-8000-000000000000',
  '/api/__proto__',
  '/api/constructor',
  '/api/agent/data',
  '/api/agent/data?ticket=x',
  '/api/v1/live?' + 'a'.repeat(14_000),
]

const UPGRADE_HEADERS: readonly (readonly string[])[] = [
  ['Sec-WebSocket-Version: 99'],
  ['Sec-WebSocket-Key: short'],
  ['Sec-WebSocket-Protocol: ,,,'],
  ['Sec-WebSocket-Protocol: a, a'],
  ['Sec-WebSocket-Extensions: permessage-deflate; x=; y'],
  ['Sec-WebSocket-Extensions: ' + 'a,'.repeat(2000)],
  ['Upgrade: h2c'],
  ['Origin: ['],
  ['Origin: null'],
  ['Host: ['],
  ['Cookie: hatchery=\u00ff%00'],
  ['Cookie: ' + 'hatchery=a; '.repeat(1000)],
  ['Authorization: Bearer'],
  ['Authorization: Bearer hk_\u00ff'],
  ['Content-Length: 5'],
  ['Transfer-Encoding: chunked'],
]
