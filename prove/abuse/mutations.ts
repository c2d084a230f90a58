import { gzipSync } from 'node:zlib'
import type { ContractSpec } from '@hatchery/core/api'
import type { Call, Headers } from './stage.ts'
import { fieldsOf, HOSTILE, NOWHERE, sampleOf, withField } from './samples.ts'

/** A request that is wrong in one way, and what is wrong about it. */
export interface Mutation extends Call {
  readonly what: string
}

const JSON_TYPE = { 'content-type': 'application/json' }

/** Path parameters that are no ids, as they are written in a path. */
const PARAMETERS = [
  '..',
  '.',
  '%2e%2e',
  '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
  '..%5c..%5c',
  '%00',
  `${NOWHERE}%00`,
  `${NOWHERE}%0a`,
  NOWHERE.toUpperCase(),
  '%ff%fe',
  '%',
  '%zz',
  '%c0%ae%c0%ae',
  'a'.repeat(5000),
  '*',
  '__proto__',
  'constructor',
  '1',
  '-1',
  "'%20OR%201=1--",
  '%3Cscript%3E',
  'null',
  '%F0%9F%92%A5',
]

const QUERIES = [
  'limit=0',
  'limit=-1',
  'limit=101',
  'limit=1e9',
  'limit=1&limit=2',
  'limit[]=1',
  'limit[a]=1',
  'limit=NaN',
  'cursor=',
  'cursor=%00',
  'cursor=AAAA',
  'cursor=' + Buffer.from('[1,2]').toString('base64url'),
  'cursor=' + Buffer.from('["a",1]').toString('base64url'),
  'cursor=' + Buffer.from('["a\\u0000b",1]').toString('base64url'),
  'cursor=' + Buffer.from('[1e308,9007199254740993]').toString('base64url'),
  'cursor=' + Buffer.from('["a",1e308]').toString('base64url'),
  'cursor=' + Buffer.from('[1.5,0.5]').toString('base64url'),
  'cursor=' + Buffer.from('[-1,-1]').toString('base64url'),
  'cursor=' + Buffer.from('[9007199254740993]').toString('base64url'),
  'cursor=' + Buffer.from('{"__proto__":1}').toString('base64url'),
  'cursor=' + Buffer.from('[[],{}]').toString('base64url'),
  'cursor=' + 'A'.repeat(2000),
  'search=%00',
  'search=%25_%5C%27',
  'search=' + 'a'.repeat(3000),
  'search=%ff',
  'search[]=x',
  'sort=constructor',
  'sort=name;drop',
  'include=__proto__',
  'filter[owner]=all',
  'scope=all',
  'state=__proto__',
  'unknown=field',
  '__proto__[isAdmin]=1',
  'a='.repeat(2000),
  '%',
  '?',
  '&&&&=&=',
  `location=${NOWHERE}%00`,
  'after=99999999999999999999:99999999999999999999',
  'after=0:0',
  'after=1e3:1',
]

const HEADERS: readonly Headers[] = [
  ...['x', '"', '""', '-1', '"1e5"', '"99999999999999999999"', 'W/"abc"', '"1", "2"', '\u00ff'].map((value) => ({
    'if-match': value,
  })),
  { 'if-match': '"0"' },
  ...['', ' ', 'a b', 'x'.repeat(256), 'é', '\u00ff'].map((value) => ({ 'idempotency-key': value })),
  { 'idempotency-key': ['one', 'two'] },
  { 'x-http-method-override': 'DELETE', 'x-method-override': 'DELETE' },
  { 'x-request-id': '<script>' },
  { 'x-request-id': 'x'.repeat(5000) },
  { 'x-padding': 'x'.repeat(12_000) },
  { 'accept-encoding': 'x'.repeat(3000), accept: '*/*;q=999' },
  { 'content-encoding': 'gzip' },
  { expect: 'something' },
  { range: 'bytes=0-999999999999' },
  { 'x-original-url': '/api/v1/users', 'x-rewrite-url': '/api/v1/users' },
  { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1', forwarded: 'for=127.0.0.1' },
]

const METHODS = ['HEAD', 'OPTIONS', 'TRACE', 'PUT', 'PATCH', 'DELETE', 'POST', 'GET', 'PROPFIND', 'SEARCH', 'LINK']

/** Every way in which a request to this endpoint is wrong. */
export function mutationsOf(contract: ContractSpec, params: Readonly<Record<string, string>>): Mutation[] {
  const path = pathOf(contract, params)
  const { method } = contract
  const value = contract.body ? sampleOf(contract.body) : undefined
  const body = value === undefined ? undefined : JSON.stringify(value)
  const base: Call = { method, path, headers: body === undefined ? {} : JSON_TYPE, body }
  const names = Object.keys(params)
  return [
    { ...base, what: 'sample' },
    ...names.flatMap((name) =>
      PARAMETERS.map((bad) => ({
        ...base,
        path: pathOf(contract, { ...params, [name]: bad }),
        what: `:${name}=${bad}`,
      })),
    ),
    ...QUERIES.map((query) => ({ ...base, path: `${path}?${query}`, what: `?${query}` })),
    ...HEADERS.map((headers) => ({ ...base, headers: { ...base.headers, ...headers }, what: JSON.stringify(headers) })),
    ...METHODS.filter((other) => other !== method).map((other) => ({ ...base, method: other, what: other })),
    ...(method === 'GET' ? [] : brokenBodies(base, contract, value)),
    ...(value === undefined ? [] : changedFields(base, value)),
  ]
}

function brokenBodies(base: Call, { bodyLimitBytes = 262_144 }: ContractSpec, value: unknown): Mutation[] {
  const text = JSON.stringify(value ?? {})
  const open = text.replace(/\}$/, text === '{}' ? '' : ',')
  const bodies: readonly (readonly [string, string | Buffer])[] = [
    ['nothing', ''],
    ...['null', '[]', '""', '1', 'true', '{', '{"a":}', '{}', 'undefined', "{'a':1}", '\ufeff{}', '[1,2', '"'].map(
      (json) => [`body ${json}`, json] as const,
    ),
    ['deep arrays', '['.repeat(60_000) + ']'.repeat(60_000)],
    ['deep objects', '{"a":'.repeat(20_000) + '1' + '}'.repeat(20_000)],
    ['deep prototype', '{"__proto__":'.repeat(10_000) + '1' + '}'.repeat(10_000)],
    ['prototype', `${open}"__proto__":{"isAdmin":true}}`],
    ['escaped prototype', `${open}"\\u005f_proto__":{"isAdmin":true}}`],
    ['nested escaped prototype', `${open}"variables":{"\\u005f_proto__":"x"},"limits":{"\\u005f_proto__":{}}}`],
    ['constructor', `${open}"constructor":{"prototype":{"isAdmin":true}}}`],
    ['read-only fields', `${open}"isAdmin":true,"revision":99,"id":"${NOWHERE}","owner_id":1,"role":"admin"}`],
    ['the same field twice', `${open}"name":"a","name":"b","action":"kill","action":"start"}`],
    [
      'invalid UTF-8',
      Buffer.concat([Buffer.from(open), Buffer.from([0x22, 0xff, 0xc0, 0x80, 0x22]), Buffer.from(':1}')]),
    ],
    ['UTF-16', Buffer.from(text, 'utf16le')],
    ['gzip', gzipSync(text)],
    ['too large', `"${'x'.repeat(bodyLimitBytes)}"`],
    ['many fields', `${open}${Array.from({ length: 10_000 }, (_, index) => `"k${index}":1`).join(',')}}`],
  ]
  const types = [
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded',
    'application/xml',
    'application/json; charset=utf-16',
    'application/jsonp',
    'application/',
    'x'.repeat(500),
    '',
  ]
  return [
    ...bodies.map(([what, body]) => ({ ...base, headers: JSON_TYPE, body, what })),
    ...types.map((type) => ({ ...base, headers: { 'content-type': type }, body: text, what: `type ${type}` })),
  ]
}

function changedFields(base: Call, value: unknown): Mutation[] {
  return fieldsOf(value).flatMap((field) => [
    { ...base, body: JSON.stringify(withField(value, field, undefined)), what: `without ${field.join('.')}` },
    ...HOSTILE.map((bad) => ({
      ...base,
      body: JSON.stringify(withField(value, field, bad)),
      what: `${field.join('.')} = ${(JSON.stringify(bad) ?? '').slice(0, 60)}`,
    })),
  ])
}

export function pathOf(contract: ContractSpec, params: Readonly<Record<string, string>>): string {
  return `/api/v1${contract.path.replace(/:(\w+)/g, (_hole, name: string) => params[name] ?? NOWHERE)}`
}
