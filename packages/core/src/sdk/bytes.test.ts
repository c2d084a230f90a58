import { describe, expect, expectTypeOf, test } from 'vitest'
import { createClient, HatcheryError } from './index.ts'

const params = { server: '2a51f1a8-5f5c-4f38-8f8f-1c2b3a4d5e6f' }

/** A panel that gives the same answer each time and keeps how it was asked. */
function answering(answer: () => Response) {
  const asked: { readonly url: string; readonly init: RequestInit }[] = []
  const client = createClient({
    url: 'http://panel.test',
    retry: { baseDelayMs: 0 },
    fetch: async (url, init) => {
      asked.push({ url, init })
      return answer()
    },
  })
  return { client, asked }
}

describe('bytes', () => {
  test('of a download are left in the response', async () => {
    const { client, asked } = answering(() => new Response('some bytes', { headers: { etag: '"7"' } }))
    const response = await client.readFile({ params, query: { path: 'a b' }, headers: { range: 'bytes=2-' } })
    expectTypeOf(response).toEqualTypeOf<Response>()
    expect([await response.text(), response.headers.get('etag')]).toEqual(['some bytes', '"7"'])
    expect(asked[0]?.url).toBe(`http://panel.test/api/v1/servers/${params.server}/files/content?path=a+b`)
    // A download takes as long as it takes.
    expect(asked[0]?.init.signal).toBeUndefined()
  })

  test('of a download that is refused are an error like any other', async () => {
    const body = { error: { code: 'FILE_NOT_FOUND', message: 'It is not there.', requestId: 'r' } }
    const { client } = answering(() => new Response(JSON.stringify(body), { status: 404 }))
    const call = client.readFile({ params, query: { path: 'a' } })
    await expect(call).rejects.toBeInstanceOf(HatcheryError)
    await expect(call).rejects.toMatchObject({ code: 'FILE_NOT_FOUND', status: 404 })
  })

  test('of an upload go as they are, under no key of a call that could be repeated', async () => {
    const { client, asked } = answering(() => new Response('{"revision":8}'))
    const body = new Blob(['some bytes'])
    await client.writeFile({ params, query: { path: 'a' }, body, ifMatch: 7 })
    const { headers, body: sent } = asked[0]!.init
    expect(sent).toBe(body)
    expect(headers).toMatchObject({ 'content-type': 'application/octet-stream', 'if-match': '"7"' })
    expect(headers).not.toHaveProperty('idempotency-key')
  })

  test('of a stream are sent once, whatever becomes of them', async () => {
    const { client, asked } = answering(() => {
      throw new TypeError('fetch failed')
    })
    const stream = new Blob(['x']).stream()
    const call = client.writeFile({ params, query: { path: 'a' }, body: stream })
    await expect(call).rejects.toMatchObject({ code: 'NETWORK' })
    expect(asked).toHaveLength(1)
    expect(asked[0]?.init).toMatchObject({ duplex: 'half' })
  })
})
