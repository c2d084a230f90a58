import { request } from 'node:http'
import { json } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { createPanel } from '../create-panel.ts'
import { noServices } from '../testing/no-services.ts'
import { openTestDatabase } from '../testing/test-database.ts'

describe('a method that no endpoint has', () => {
  test.each([
    ['OPTIONS', '/api/v1/account', 'METHOD_NOT_ALLOWED'],
    ['TRACE', '/api/v1/account', 'METHOD_NOT_ALLOWED'],
    ['PROPFIND', '/api/v1/account', 'ROUTE_NOT_FOUND'],
    ['POST', '/elsewhere', 'ROUTE_NOT_FOUND'],
  ])('%s %s is refused in the shape of every error', async (method, path, code) => {
    await using database = await openTestDatabase('sqlite')
    const panel = await createPanel({
      database: database.store,
      masterKey: new Uint8Array(32),
      log: 'silent',
      services: noServices,
    })
    try {
      const url = await panel.listen({ port: 0 })
      const body = await new Promise((resolve, reject) => {
        const call = request(`${url}${path}`, { method }, (response) => resolve(json(response)))
        call.on('error', reject)
        call.end()
      })
      expect(body).toMatchObject({ error: { code, message: expect.any(String), requestId: expect.any(String) } })
    } finally {
      await panel.close()
    }
  })
})
