import type { Report } from './report.ts'
import { sendRaw, statusOf, upgradeBytes } from './raw.ts'
import { PASSWORD, type Answer, type Cast, type Stage } from './stage.ts'

const THEME = 'credentials'

/** Cookies and keys that are damaged, foreign, ended or sent by another site. */
export async function attackCredentials(stage: Stage, cast: Cast, report: Report, tries: number): Promise<void> {
  await damagedTokens(stage, cast, report, tries)
  await endedSessions(stage, cast, report)
  await apiKeys(stage, cast, report, tries)
  await origins(stage, cast, report)
  await untrustedForwarding(stage, cast, report)
  await guessing(report)
}

const account = (stage: Stage, headers: Record<string, string>) => stage.json('GET', '/account', headers)
const isRefused = ({ status, code }: Answer) => status === 401 && code === 'NOT_SIGNED_IN'

async function damagedTokens(stage: Stage, cast: Cast, report: Report, tries: number): Promise<void> {
  const cookie = await stage.cookieOf(cast.owner)
  const token = cookie.slice('hatchery='.length)
  report.expect(THEME, (await account(stage, { cookie })).status === 200, 'an intact cookie is refused')
  const damaged = [
    '',
    'null',
    'undefined',
    '%00',
    `${token}%00`,
    ` ${token}x`,
    `"${token}"`,
    token.toUpperCase(),
    token.slice(0, -1),
    `${token}=`,
    'x'.repeat(12_000),
    '../../etc/passwd',
    "' OR '1'='1",
    '__proto__',
    'constructor',
    ...Array.from({ length: tries }, (_, index) => flip(token, index)),
    ...Array.from({ length: Math.min(tries, token.length) }, (_, index) => token.slice(0, index)),
  ]
  for (const bad of damaged) {
    const answer = await account(stage, { cookie: `hatchery=${bad}` })
    report.expect(
      THEME,
      isRefused(answer),
      'a damaged cookie was taken',
      `${bad.slice(0, 60)} → ${answer.status} ${answer.text}`,
    )
  }
  // Under the name that is only used over TLS, and as a key, a session is nothing.
  for (const headers of [
    { cookie: `__Host-hatchery=${token}` },
    { authorization: `Bearer ${token}` },
    { authorization: `Basic ${Buffer.from(`owner:${PASSWORD}`).toString('base64')}` },
  ]) {
    const answer = await account(stage, headers)
    report.expect(
      THEME,
      isRefused(answer),
      'a session was taken where none belongs',
      `${JSON.stringify(headers)} → ${answer.text}`,
    )
  }
}

const flip = (token: string, index: number): string => {
  const at = index % token.length
  const other = token[at] === 'A' ? 'B' : 'A'
  return token.slice(0, at) + other + token.slice(at + 1)
}

async function endedSessions(stage: Stage, cast: Cast, report: Report): Promise<void> {
  const admin = { cookie: await stage.cookieOf(cast.admin) }
  const victim = await stage.ask('user', { username: `victim-${Date.now()}` })
  const expectEnded = async (cookie: string, why: string) => {
    const answer = await account(stage, { cookie })
    report.expect(THEME, isRefused(answer), `a session goes on after ${why}`, answer.text)
  }
  const open = async () => {
    const cookie = await stage.cookieOf(victim)
    report.expect(THEME, (await account(stage, { cookie })).status === 200, 'a fresh session is refused')
    return cookie
  }

  const signedOut = await open()
  await stage.json('POST', '/auth/sign-out', { cookie: signedOut })
  await expectEnded(signedOut, 'its sign-out')

  const [changer, other] = [await open(), await open()]
  const changed = await stage.json(
    'POST',
    '/account/password',
    { cookie: changer },
    { current: PASSWORD, password: 'quite another secret 7' },
  )
  report.expect(THEME, changed.status === 200, 'the password could not be changed', changed.text)
  await expectEnded(other, 'a password change')

  const ended = await open()
  const list = JSON.parse((await stage.json('GET', '/account/sessions', { cookie: ended })).text) as {
    data: { id: string; current: boolean }[]
  }
  const own = list.data.find(({ current }) => current)
  const foreign = await stage.json('DELETE', `/account/sessions/${own?.id}`, {
    cookie: await stage.cookieOf(cast.outsider),
  })
  report.expect(THEME, foreign.status === 404, 'somebody ended a foreign session', foreign.text)
  report.expect(THEME, (await account(stage, { cookie: ended })).status === 200, 'a foreign call ended a session')
  await stage.json('DELETE', `/account/sessions/${own?.id}`, { cookie: ended })
  await expectEnded(ended, 'it was ended')

  await expectEnded(await stage.cookieOf(victim, 400 * 24 * 3_600_000), 'its lifetime')

  for (const state of ['frozen', 'suspended'] as const) {
    const cookie = await open()
    await stage.json('PATCH', `/users/${victim.uuid}`, admin, { state })
    await expectEnded(cookie, `the account was ${state}`)
    await expectEnded(await stage.cookieOf(victim), `the account was ${state} before it began`)
    const signIn = await stage.json(
      'POST',
      '/auth/sign-in',
      {},
      { login: victim.username, password: 'quite another secret 7' },
    )
    report.expect(THEME, signIn.code === 'CREDENTIALS_INVALID', `a ${state} account signs in`, signIn.text)
    await stage.json('PATCH', `/users/${victim.uuid}`, admin, { state: 'active' })
  }

  const last = await open()
  await stage.json('DELETE', `/users/${victim.uuid}`, admin)
  await expectEnded(last, 'the account was deleted')
}

async function apiKeys(stage: Stage, cast: Cast, report: Report, tries: number): Promise<void> {
  const cookie = await stage.cookieOf(cast.owner)
  const make = async (body: object) =>
    JSON.parse((await stage.json('POST', '/account/api-keys', { cookie }, { name: 'abuse', ...body })).text) as {
      id: string
      secret: string
      key?: { id: string }
    }
  const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` })
  const key = await make({})
  const answer = await account(stage, bearer(key.secret))
  report.expect(THEME, answer.status === 200, 'an intact key is refused', answer.text)
  report.expect(THEME, answer.headers['set-cookie'] === undefined, 'a key made a cookie')
  for (let index = 0; index < tries; index++) {
    const bad = await account(stage, bearer(flip(key.secret, index)))
    report.expect(THEME, isRefused(bad), 'a damaged key was taken', `${index} ${bad.text}`)
  }
  for (const text of [
    '',
    'hk_',
    'hk__',
    `hk_${'a'.repeat(16)}_${'b'.repeat(43)}`,
    key.secret.slice(0, 20),
    `${key.secret} `,
    `${key.secret}x`,
    'x'.repeat(10_000),
  ]) {
    const bad = await account(stage, { authorization: `Bearer ${text}` })
    const isTrimmed = text.trim() === key.secret
    report.expect(THEME, isTrimmed || isRefused(bad), 'a damaged key was taken', `${text.slice(0, 50)} → ${bad.text}`)
  }
  const asCookie = await account(stage, { cookie: `hatchery=${key.secret}` })
  report.expect(THEME, isRefused(asCookie), 'a key was taken as a cookie', asCookie.text)

  const narrow = await make({ permissions: ['account.read'] })
  for (const [method, path, body] of [
    ['GET', '/servers', undefined],
    ['POST', '/account/api-keys', { name: 'wider' }],
    ['POST', '/account/password', { current: PASSWORD, password: 'another long secret' }],
    ['DELETE', `/account/api-keys/${key.id ?? key.key?.id}`, undefined],
  ] as const) {
    const refused = await stage.json(method, path, bearer(narrow.secret), body)
    report.expect(
      THEME,
      refused.status === 403,
      'a narrow key did more than it may',
      `${method} ${path} → ${refused.status} ${refused.text}`,
    )
  }
  // A key that makes keys cannot give another one more than it has.
  const maker = await make({ permissions: ['api-keys.create', 'account.read'] })
  const wide = await stage.json('POST', '/account/api-keys', bearer(maker.secret), { name: 'wide', permissions: [] })
  report.expect(THEME, wide.status >= 400, 'a narrow key made a wide one', wide.text)

  const elsewhere = await make({ allowedIps: ['10.9.8.7'] })
  for (const headers of [{}, { 'x-forwarded-for': '10.9.8.7', 'x-real-ip': '10.9.8.7', forwarded: 'for=10.9.8.7' }]) {
    const refused = await account(stage, { ...bearer(elsewhere.secret), ...headers })
    report.expect(
      THEME,
      refused.status === 401 || refused.status === 403,
      'a key works from another address',
      refused.text,
    )
  }
  const past = await stage.json('POST', '/account/api-keys', { cookie }, { name: 'old', expiresAt: 1 })
  if (past.status < 400) {
    const refused = await account(stage, bearer((JSON.parse(past.text) as { secret: string }).secret))
    report.expect(THEME, isRefused(refused), 'an expired key was taken', refused.text)
  }
  const keys = JSON.parse((await stage.json('GET', '/account/api-keys', { cookie })).text) as { data: { id: string }[] }
  for (const { id } of keys.data) await stage.json('DELETE', `/account/api-keys/${id}`, { cookie })
  const revoked = await account(stage, bearer(key.secret))
  report.expect(THEME, isRefused(revoked), 'a revoked key was taken', revoked.text)
}

/** Origins that are not the panel's, from a page that looks like it to one that says nothing. */
function foreignOrigins(url: string): readonly string[] {
  const { host, hostname, port } = new URL(url)
  return [
    'null',
    '',
    'http://evil.example',
    `http://${host}.evil.example`,
    `http://evil.example/${host}`,
    `http://evil-${host}`,
    `http://x@${host}`,
    `http://${host}@evil.example`,
    `http://${hostname}:${Number(port) + 1}`,
    `http://${hostname}`,
    `https://${host}`,
    `http://${host}/`,
    `http://${host} `.trimEnd() + '%20',
    `HTTP://${host}#`,
    'file://',
    'chrome-extension://abc',
    `http://localhost:${port}`,
    `http://[::1]:${port}`,
    `http://0.0.0.0:${port}`,
  ]
}

async function origins(stage: Stage, cast: Cast, report: Report): Promise<void> {
  const cookie = await stage.cookieOf(cast.owner)
  const body = { firstName: 'Changed by another site' }
  const own = await stage.json('PATCH', '/account', { cookie, origin: stage.url }, body)
  report.expect(THEME, own.status === 200, 'the own origin is refused', own.text)
  await stage.json('PATCH', '/account', { cookie, origin: stage.url }, { firstName: 'Own' })
  for (const origin of foreignOrigins(stage.url)) {
    const answer = await stage.json('PATCH', '/account', { cookie, origin }, body)
    report.expect(
      THEME,
      answer.code === 'ORIGIN_NOT_ALLOWED',
      'a foreign origin was taken',
      `${origin} → ${answer.status} ${answer.text}`,
    )
    const signIn = await stage.json('POST', '/auth/sign-in', { origin }, { login: 'owner', password: PASSWORD })
    report.expect(THEME, signIn.code === 'ORIGIN_NOT_ALLOWED', 'a foreign page signs in', `${origin} → ${signIn.text}`)
    const upgrade = await sendRaw(
      stage.url,
      upgradeBytes(stage.url, { path: '/api/v1/live', headers: [`Origin: ${origin}`, `Cookie: ${cookie}`] }),
    )
    report.expect(
      THEME,
      statusOf(upgrade) === 403,
      'a foreign page opens the live channel',
      `${origin} → ${upgrade.slice(0, 200)}`,
    )
  }
  for (const site of ['cross-site', 'same-site', 'anything']) {
    const answer = await stage.json('PATCH', '/account', { cookie, 'sec-fetch-site': site }, body)
    report.expect(
      THEME,
      answer.code === 'ORIGIN_NOT_ALLOWED',
      'a page without origin was taken',
      `${site} → ${answer.text}`,
    )
  }
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
    const answer = await stage.call({
      method: 'PATCH',
      path: '/api/v1/account',
      headers: { cookie, 'content-type': type },
      body: JSON.stringify(body),
    })
    report.expect(THEME, answer.status === 400, 'a form was taken', `${type} → ${answer.text}`)
  }
  // A name of the attacker's that points here: the page's origin and the host agree, but the panel has no such name.
  const after = JSON.parse((await account(stage, { cookie })).text) as { firstName: string }
  report.expect(THEME, after.firstName === 'Own', 'another site changed the account', after.firstName)
}

async function untrustedForwarding(stage: Stage, cast: Cast, report: Report): Promise<void> {
  const cookie = await stage.cookieOf(cast.owner)
  const forged = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', 'x-forwarded-for': '10.1.2.3' }
  const answer = await stage.json('PATCH', '/account', { cookie, origin: 'https://evil.example', ...forged }, {})
  report.expect(THEME, answer.code === 'ORIGIN_NOT_ALLOWED', 'a forwarded host was believed', answer.text)
  const signIn = await stage.json('POST', '/auth/sign-in', forged, { login: 'owner', password: PASSWORD })
  const cookies = String(signIn.headers['set-cookie'])
  report.expect(
    THEME,
    signIn.status === 200 && !cookies.includes('__Host-'),
    'a forwarded scheme was believed',
    cookies,
  )
  report.expect(THEME, /HttpOnly/.test(cookies) && /SameSite=Lax/.test(cookies), 'a cookie is not protected', cookies)
  const fresh = cookies.split(';')[0] ?? ''
  const sessions = await stage.json('GET', '/account/sessions', { cookie: fresh })
  report.expect(THEME, !sessions.text.includes('10.1.2.3'), 'a forwarded address was believed', sessions.text)
  const token = await stage.json('POST', `/nodes/${cast.node}/enrolment-token`, {
    cookie: await stage.cookieOf(cast.admin),
    host: 'evil.example',
    ...forged,
  })
  report.expect(THEME, token.code === 'HOST_NOT_ALLOWED', 'a foreign name was answered', token.text)
  for (const host of ['evil.example', 'evil.example:80', 'localhost.evil.example', 'a b', '', '[::1']) {
    const system = await sendRaw(stage.url, `GET /api/v1/system HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    report.expect(THEME, [400, 421].includes(statusOf(system)), 'a foreign name was answered', system.slice(0, 300))
  }
  const own = await sendRaw(stage.url, 'GET /api/v1/system HTTP/1.1\r\nHost: [::1]\r\nConnection: close\r\n\r\n')
  report.expect(THEME, statusOf(own) === 200, 'an address was not answered', own.slice(0, 300))
}

/** Guesses from one address, forging another one each time, are counted as one. */
async function guessing(report: Report): Promise<void> {
  const { Stage: Limited } = await import('./stage.ts')
  await using stage = await Limited.open(undefined, { ABUSE_RATE_LIMITS: '1' })
  await stage.ask('user', { username: 'guessed' })
  let limited = 0
  for (let index = 0; index < 60; index++) {
    const forged = `10.${index}.${index}.1`
    const answer = await stage.json(
      'POST',
      '/auth/sign-in',
      { 'x-forwarded-for': forged, 'x-real-ip': forged },
      { login: `nobody${index}`, password: 'wrong' },
    )
    if (answer.code === 'RATE_LIMITED') {
      limited += 1
      report.expect(THEME, Number(answer.headers['retry-after']) > 0, 'a limit without Retry-After', answer.text)
    } else report.expect(THEME, answer.code === 'CREDENTIALS_INVALID', 'a guess was answered otherwise', answer.text)
  }
  report.expect(THEME, limited >= 30, 'guesses are not limited by address', `${limited} of 60 limited`)
  let keys = 0
  for (let index = 0; index < 60; index++) {
    const answer = await account(stage, { authorization: `Bearer hk_${'a'.repeat(16)}_${'b'.repeat(40)}${index}` })
    if (answer.code === 'RATE_LIMITED') keys += 1
  }
  report.expect(THEME, keys >= 30, 'guesses at keys are not limited', `${keys} of 60 limited`)
}
