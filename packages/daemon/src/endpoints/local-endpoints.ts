import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import type { Endpoint, Endpoints, ServerId } from '@hatchery/core/runtime'

export interface EndpointAllocation {
  readonly ip: string
  readonly port: number
  readonly alias: string | null
  readonly isPrimary: boolean
}

export interface LocalEndpointsOptions {
  /** The allocations that the agent keeps for a server. */
  readonly allocationsOf: (server: ServerId) => Promise<readonly EndpointAllocation[]> | readonly EndpointAllocation[]
  /** Address that players use where an allocation is on all addresses; the allocation's own without it. */
  readonly publicHost?: string | null
}

/** Endpoints of a machine whose own addresses players use. */
export function createEndpoints(options: LocalEndpointsOptions): Endpoints {
  const { allocationsOf, publicHost = null } = options
  return {
    async of(server) {
      const allocations = [...(await allocationsOf(server))].toSorted(
        (a, b) => Number(b.isPrimary) - Number(a.isPrimary),
      )
      return allocations.map(({ ip, port, alias }): Endpoint => {
        const host = alias ?? (isUnspecified(ip) ? (publicHost ?? ip) : ip)
        return { host, port, protocols: ['tcp', 'udp'], stable: true }
      })
    },

    async conflicts(wanted) {
      const taken = await Promise.all(
        wanted.map(async ({ ip, port }) =>
          (await isTcpTaken(ip, port)) || (await isUdpTaken(ip, port)) ? [port] : [],
        ),
      )
      return [...new Set(taken.flat())]
    },
  }
}

const isUnspecified = (ip: string) => ip === '0.0.0.0' || ip === '::'

/** Only "in use" is a conflict; an address that this machine lacks is found out by the start itself. */
const isTaken = (error: NodeJS.ErrnoException) => error.code === 'EADDRINUSE'

function isTcpTaken(ip: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', (error) => resolve(isTaken(error)))
    probe.listen({ host: ip, port, exclusive: true }, () => probe.close(() => resolve(false)))
  })
}

function isUdpTaken(ip: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createSocket(ip.includes(':') ? 'udp6' : 'udp4')
    probe.once('error', (error) => resolve(isTaken(error)))
    probe.bind({ address: ip, port, exclusive: true }, () => probe.close(() => resolve(false)))
  })
}
