import { createClient } from '@hatchery/core/sdk'
import { expect, test, vi } from 'vitest'
import { createDirectPath, type DirectPathOptions } from './create-direct-path.ts'

const NODE = 'https://node-1.example.com:8443'

function stageOf({ hasAddress = true, isReachable = true } = {}) {
  const asked: string[] = []
  const client = createClient({
    url: '',
    retry: { attempts: 1 },
    async fetch(url) {
      asked.push(new URL(url, 'http://panel.test').pathname)
      const link = hasAddress ? { origin: NODE, url: `${NODE}/direct/v1/x?token=t`, expiresAt: 0 } : null
      return new Response(JSON.stringify({ link }))
    },
  })
  const ping = vi.fn<typeof fetch>(async () => {
    if (!isReachable) throw new TypeError('fetch failed')
    return new Response(null, { status: 204 })
  })
  const send = vi.fn<NonNullable<DirectPathOptions['send']>>(async (_url, body, onSent) => onSent(body.size))
  return { asked, ping, send, direct: createDirectPath(client, { fetch: ping, send }) }
}
const upload = { server: 's', upload: 'u', offset: 3, body: new Blob(['rest']) }

test('a node that can be reached is asked once whether it can, and gives files itself', async () => {
  const { direct, ping } = stageOf()
  expect(await direct.download('s', 'a')).toBe(`${NODE}/direct/v1/x?token=t`)
  expect(await direct.download('other', 'b')).toBe(`${NODE}/direct/v1/x?token=t`)
  expect(ping).toHaveBeenCalledOnce()
})

test('where a node has no address, the panel is asked once', async () => {
  const { direct, asked } = stageOf({ hasAddress: false })
  expect([await direct.download('s', 'a'), await direct.download('s', 'b')]).toEqual([null, null])
  expect(asked).toHaveLength(1)
})

test('a node behind a firewall is left alone after the first try', async () => {
  const { direct, ping } = stageOf({ isReachable: false })
  expect([await direct.download('s', 'a'), await direct.download('s', 'b')]).toEqual([null, null])
  expect(ping).toHaveBeenCalledOnce()
})

test('the rest of an upload goes to the node from where it stands', async () => {
  const { direct, send } = stageOf()
  const onSent = vi.fn<(bytes: number) => void>()
  expect(await direct.upload(upload, onSent, new AbortController().signal)).toBe(true)
  expect(send.mock.calls[0]?.[0]).toBe(`${NODE}/direct/v1/x?token=t&offset=3`)
  expect(onSent).toHaveBeenCalledWith(4)
})

test('a broken connection to the node leaves the rest to the panel, a stopped upload stops', async () => {
  const { direct, send } = stageOf()
  vi.spyOn(console, 'warn').mockReturnValue()
  send.mockRejectedValueOnce(new Error('lost'))
  expect(await direct.upload(upload, vi.fn<() => void>(), new AbortController().signal)).toBe(false)

  const stopped = stageOf()
  const abort = new AbortController()
  stopped.send.mockImplementationOnce(async () => abort.abort())
  stopped.send.mockRejectedValueOnce(new Error('stopped'))
  await stopped.direct.upload(upload, vi.fn<() => void>(), abort.signal)
  await expect(stopped.direct.upload(upload, vi.fn<() => void>(), abort.signal)).rejects.toThrow()
})
