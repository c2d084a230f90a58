import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { UsageError, parseUpOptions } from './options.ts'

describe('the options of `hatchery up`', () => {
  test('listens on the loopback address and keeps its data in .hatchery unless told otherwise', () => {
    expect(parseUpOptions([], {}, true)).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      dataDirectory: path.resolve('.hatchery'),
      runtime: 'auto',
      isDemo: false,
      isJson: false,
      databaseUrl: null,
    })
  })

  test('takes the first administrator and the database from the environment', () => {
    const env = {
      HATCHERY_ADMIN_EMAIL: 'me@example.com',
      HATCHERY_ADMIN_PASSWORD: 'a long password',
      HATCHERY_DATABASE_URL: 'postgres://db/panel',
      HATCHERY_TRUSTED_PROXIES: '10.0.0.1, 10.1.0.0/16,',
      HATCHERY_OUTBOUND_ALLOW: '10.2.0.7',
    }
    expect(parseUpOptions(['--port', '0'], env, true)).toMatchObject({
      port: 0,
      adminEmail: 'me@example.com',
      adminPassword: 'a long password',
      databaseUrl: 'postgres://db/panel',
      trustedProxies: ['10.0.0.1', '10.1.0.0/16'],
      outboundAllow: ['10.2.0.7'],
    })
  })

  test.each([
    ['--port', '70000'],
    ['--port', 'x'],
    ['--runtime', 'vmware'],
    ['--log-level', 'loud'],
    ['--colour'],
    ['surplus'],
  ])('refuses %s %s and says why', (...argv) => {
    expect(() => parseUpOptions(argv, {}, true)).toThrow(UsageError)
  })
})
