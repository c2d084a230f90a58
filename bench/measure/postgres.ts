import { Client } from 'pg'

export interface OwnDatabase extends AsyncDisposable {
  readonly url: string
}

let databases = 0

/** A database of its own on the server that `HATCHERY_TEST_POSTGRES` names, dropped at the end. */
export async function newPostgres(): Promise<OwnDatabase> {
  const server = process.env['HATCHERY_TEST_POSTGRES']
  if (!server) throw new Error('HATCHERY_TEST_POSTGRES is not set')
  const name = `hatchery_bench_${process.pid}_${++databases}`
  const run = async (sql: string) => {
    const client = new Client({ connectionString: server })
    await client.connect()
    try {
      await client.query(sql)
    } finally {
      await client.end()
    }
  }
  await run(`drop database if exists ${name}`)
  await run(`create database ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return { url: url.href, [Symbol.asyncDispose]: () => run(`drop database ${name} with (force)`) }
}
