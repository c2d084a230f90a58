import { readFile } from 'node:fs/promises'
import { AppError } from '@hatchery/core/errors'
import type { ServerId } from '@hatchery/core/runtime'
import type { Engine } from './engine.ts'
import { applyFirewall } from './firewall.ts'
import { LABEL, bridgeName, networkName } from './names.ts'
import { chooseSubnet, gatewayOf, parseCidr, parseRoutes, type Range } from './subnets.ts'

export interface NetworkOptions {
  readonly engine: Engine
  readonly installation: string
  /** Range that the /28 of each server comes from. */
  readonly pool: string
  readonly dns: readonly string[]
  readonly firewall: boolean
  readonly allowedNetworks: readonly string[]
  readonly log: (message: string, details?: Readonly<Record<string, unknown>>) => void
}

/** The own bridge network of each server (RULES 19). */
export class ServerNetworks {
  readonly #options: NetworkOptions
  /** Two servers that are created at once must not choose the same range. */
  #turn: Promise<unknown> = Promise.resolve()
  #rules: Promise<void> | undefined
  readonly #warnings: string[] = []

  constructor(options: NetworkOptions) {
    this.#options = options
  }

  get warnings(): readonly string[] {
    return this.#warnings
  }

  /** Makes the network (answers true) or finds it. `wanted` is the range the agent keeps for this server; without one a free one is taken. */
  ensure(server: ServerId, wanted: string | null, signal?: AbortSignal): Promise<boolean> {
    const next = this.#turn.then(() => this.#ensure(server, wanted, signal))
    this.#turn = next.catch(() => undefined) // the caller has the error; the next one only waits
    return next
  }

  async remove(server: ServerId): Promise<void> {
    const { engine } = this.#options
    if (!(await this.#find(server))) return
    await engine.find((docker) => docker.getNetwork(networkName(server)).remove())
  }

  async #ensure(server: ServerId, wanted: string | null, signal?: AbortSignal): Promise<boolean> {
    const { engine, pool } = this.#options
    await (this.#rules ??= this.#applyRules())
    const existing = await this.#find(server, signal)
    if (existing && (wanted === null || existing.subnet === wanted)) return false
    if (existing) await engine.find((docker) => docker.getNetwork(existing.id).remove(), signal)

    const refused: Range[] = []
    for (let attempt = 0; attempt < 16; attempt++) {
      const subnet = wanted ?? chooseSubnet(pool, [...(await this.#taken()), ...refused])
      if (!subnet) break
      try {
        await this.#create(server, subnet, signal)
        return true
      } catch (error) {
        // The engine knows ranges that we do not see, such as those of another address pool.
        if (wanted !== null || !(error instanceof AppError) || !/overlap/i.test(error.message)) throw error
        refused.push(parseCidr(subnet))
      }
    }
    throw new AppError('RUNTIME_FAILED', { runtime: 'docker', reason: `no free /28 is left in ${pool}` })
  }

  /** Without the rules servers run all the same, and the node says that nothing keeps them from its network. */
  async #applyRules(): Promise<void> {
    const { pool, dns, firewall, allowedNetworks, log } = this.#options
    if (!firewall) return
    try {
      await applyFirewall(pool, dns, allowedNetworks)
    } catch (error) {
      const reason = (error as Error).message
      this.#warnings.push(
        `Servers can reach this machine and its network, because packet filter rules cannot be set: ${reason}`,
      )
      log('the packet filter rules could not be set', { reason })
    }
  }

  async #create(server: ServerId, subnet: string, signal?: AbortSignal): Promise<void> {
    const { engine, installation } = this.#options
    await engine.call(
      (docker) =>
        docker.createNetwork({
          Name: networkName(server),
          Driver: 'bridge',
          CheckDuplicate: true,
          IPAM: {
            Driver: 'default',
            Config: [{ Subnet: subnet, Gateway: gatewayOf(subnet) }],
          },
          Options: {
            'com.docker.network.bridge.name': bridgeName(server),
            'com.docker.network.bridge.enable_icc': 'false',
          },
          Labels: { [LABEL.server]: server, [LABEL.installation]: installation },
          ...(signal ? { abortSignal: signal } : {}),
        }),
      signal,
    )
  }

  async #find(server: ServerId, signal?: AbortSignal): Promise<{ id: string; subnet: string | undefined } | null> {
    const { engine, installation } = this.#options
    const found = await engine.find((docker) => docker.getNetwork(networkName(server)).inspect(), signal)
    if (!found) return null
    if (found.Labels?.[LABEL.installation] !== installation) {
      throw new AppError('CONTAINER_CONFLICT', { name: networkName(server) })
    }
    return { id: found.Id, subnet: found.IPAM?.Config?.[0]?.Subnet }
  }

  async #taken(): Promise<Range[]> {
    const { engine } = this.#options
    const [networks, routes] = await Promise.all([
      engine.call((docker) => docker.listNetworks()),
      readFile('/proc/net/route', 'utf8').catch(() => ''), // not Linux: the engine itself refuses what overlaps
    ])
    const subnets = networks.flatMap((network) => network.IPAM?.Config ?? []).flatMap((config) => config.Subnet ?? [])
    return [...subnets.filter((subnet) => !subnet.includes(':')).map(parseCidr), ...parseRoutes(routes)]
  }
}
