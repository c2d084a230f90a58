import { lookup as systemLookup } from 'node:dns/promises'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { AppError } from '../errors/index.ts'
import type { AddressPolicy } from './address-policy.ts'
import { hostOf, isWebPort, portOf } from './outbound-url.ts'

/** Answers every address of a name. */
export type Lookup = (hostname: string) => Promise<readonly string[]>

export interface Dialer {
  readonly policy: AddressPolicy
  readonly lookup: Lookup
  /** Certificates to trust beside those of the system, PEM. */
  readonly ca?: string
  /** The error of an address that may not be reached; the reason is the end of a sentence. */
  readonly refuse: (host: string, reason: string) => AppError
}

/** A machine with many addresses that do not answer does not get all of the time. */
const MAX_ATTEMPTS = 4
const ATTEMPT_MS = 5_000

export const lookupAll: Lookup = async (hostname) => {
  const addresses = await systemLookup(hostname, { all: true, verbatim: true })
  return addresses.map(({ address }) => address)
}

/**
 * Opens a connection to the host of a url, encrypted where it says https. The name is looked up once; every address is
 * judged, and so is the peer of the open socket, before anything is sent: a name that changes its mind gains nothing.
 * @throws AppError that `refuse` made; otherwise the error of the network
 */
export async function dial(dialer: Dialer, url: URL, signal: AbortSignal): Promise<Socket> {
  const { policy, lookup, ca, refuse } = dialer
  const host = hostOf(url)
  const port = portOf(url)
  const addresses = isIP(host) === 0 ? await orAborted(lookup(host), signal) : [host]
  for (const address of addresses) checkAddress(dialer, host, address)
  if (!isWebPort(port) && !addresses.every((address) => policy.isAllowedByHost(address))) {
    throw refuse(host, `port ${port} is none of the web`)
  }

  let failure: unknown = new Error(`${host} has no address`)
  for (const address of addresses.slice(0, MAX_ATTEMPTS)) {
    try {
      const socket = await open(address, port, signal)
      try {
        checkAddress(dialer, host, socket.remoteAddress ?? '')
        return url.protocol === 'https:' ? await encrypt(socket, host, ca, signal) : socket
      } catch (error) {
        socket.destroy()
        throw error
      }
    } catch (error) {
      if (error instanceof AppError || signal.aborted) throw error
      failure = error
    }
  }
  throw failure
}

function checkAddress({ policy, refuse }: Dialer, host: string, address: string): void {
  const reason = policy.refusalOf(address)
  if (reason !== null) throw refuse(host, reason)
}

function open(address: string, port: number, signal: AbortSignal): Promise<Socket> {
  const socket = connectTcp({ host: address, port, family: isIP(address), signal })
  socket.setTimeout(ATTEMPT_MS, () => socket.destroy(new Error(`${address} does not answer`)))
  return settled(socket, socket, 'connect')
}

function encrypt(socket: Socket, host: string, ca: string | undefined, signal: AbortSignal): Promise<Socket> {
  const encrypted = connectTls({
    socket,
    ALPNProtocols: ['http/1.1'],
    minVersion: 'TLSv1.2',
    // No name is sent for an address; the certificate has to be for it all the same.
    ...(isIP(host) === 0 ? { servername: host } : { host }),
    ...(ca !== undefined && { ca }),
  })
  const abort = () => encrypted.destroy(signal.reason as Error)
  signal.addEventListener('abort', abort, { once: true })
  return settled(encrypted, socket, 'secureConnect').finally(() => signal.removeEventListener('abort', abort))
}

function settled<T extends Socket>(socket: T, plain: Socket, event: 'connect' | 'secureConnect'): Promise<T> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once(event, () => {
      socket.off('error', reject)
      plain.setTimeout(0)
      resolve(socket)
    })
  })
}

/** The system's lookup cannot be called off; nobody has to wait for it. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error)
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
