import type { Dialect } from '../storage/store.ts'

const URLS = {
  postgres: process.env['HATCHERY_TEST_POSTGRES'],
  mysql: process.env['HATCHERY_TEST_MYSQL'],
} as const

/** The databases this machine can test on. A missing one is printed, and fails the run where CI promised all. */
export const DIALECTS: readonly Dialect[] = available()

/** The dialects, and SQLite with the library inside Node: for tests of what lies directly on the database. */
export const STORAGES: readonly Storage[] = [...DIALECTS, 'node:sqlite']
export type Storage = Dialect | 'node:sqlite'

export function serverUrl(dialect: 'postgres' | 'mysql'): string {
  const url = URLS[dialect]
  if (url === undefined) throw new Error(`There is no ${dialect} to test on.`)
  return url
}

function available(): readonly Dialect[] {
  const dialects: Dialect[] = ['sqlite']
  for (const [dialect, variable] of [
    ['postgres', 'HATCHERY_TEST_POSTGRES'],
    ['mysql', 'HATCHERY_TEST_MYSQL'],
  ] as const) {
    if (URLS[dialect] !== undefined) dialects.push(dialect)
    else if (process.env['HATCHERY_CI'] === '1') throw new Error(`CI needs ${variable}.`)
    else console.log(`skipped: panel on ${dialect} (${variable} is not set)`)
  }
  return dialects
}
