import { get } from 'node:http'
import { isIP } from 'node:net'
import { callbackify } from 'node:util'
import type { AddressPolicy } from './address-policy.ts'
import type { Lookup } from '@hatchery/core/outbound/dial'

/**
 * The guard as it is often written, for the negative control: looks the name up, judges the answer, and lets the HTTP client
 * look it up again; follows redirects without another look.
 */
export function createNaiveClient(policy: AddressPolicy, lookup: Lookup): (address: string) => Promise<string> {
  const read = (url: URL, hops: number): Promise<string> =>
    new Promise((resolve, reject) => {
      const lookUpAgain = (
        hostname: string,
        _options: unknown,
        done: (error: Error | null, addresses: { address: string; family: number }[]) => void,
      ) => {
        callbackify(lookup)(hostname, (error, addresses) => {
          const found = error ? [] : addresses.map((address) => ({ address, family: isIP(address) }))
          done(error, found)
        })
      }
      get(url, { agent: false, lookup: lookUpAgain as never }, (response) => {
        const { location } = response.headers
        if (location !== undefined && hops < 5) {
          response.resume()
          read(new URL(location, url), hops + 1).then(resolve, reject)
          return
        }
        let text = ''
        response.on('data', (chunk) => (text += String(chunk))).on('end', () => resolve(text))
      }).on('error', reject)
    })
  return async (address) => {
    const url = new URL(address)
    const addresses = isIP(url.hostname) === 0 ? await lookup(url.hostname) : [url.hostname]
    const first = addresses[0] ?? ''
    const reason = policy.refusalOf(first)
    if (reason !== null) throw new Error(reason)
    return read(url, 0)
  }
}
