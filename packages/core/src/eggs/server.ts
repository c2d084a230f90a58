import type { Egg } from './model.ts'

export interface EggServerAllocation {
  readonly ip: string
  readonly port: number
  readonly alias: string | null
}

/** What an egg needs to know of the server that uses it. */
export interface EggServer {
  readonly uuid: string
  readonly name: string
  /** Name of the location of its node. */
  readonly location: string
  readonly image: string
  /** 0 is unlimited. */
  readonly memoryMiB: number
  /** −1 is unlimited, 0 none. */
  readonly swapMiB: number
  /** 0 is unlimited. */
  readonly diskMiB: number
  /** 100 is one core, 0 is unlimited. */
  readonly cpuPercent: number
  readonly ioWeight: number
  /** Cores that it is pinned to, as in `0-2,4`. */
  readonly threads: string | null
  readonly isOomKillerEnabled: boolean
  /** Null where the server has no port. */
  readonly allocation: EggServerAllocation | null
  readonly furtherAllocations: readonly EggServerAllocation[]
  readonly allocationLimit: number
  /** IANA name. */
  readonly timezone: string
  /** Values by the name of the egg's variable; one that is missing has its default. */
  readonly variables: Readonly<Record<string, string>>
}

/** The value of each variable of the egg, with the name as the egg writes it; of two with one name the last counts. */
export function variableValues(egg: Pick<Egg, 'variables'>, server: Pick<EggServer, 'variables'>): Map<string, string> {
  const values = new Map<string, string>()
  for (const { envVariable, defaultValue } of egg.variables) {
    values.set(
      envVariable,
      Object.hasOwn(server.variables, envVariable) ? (server.variables[envVariable] ?? defaultValue) : defaultValue,
    )
  }
  return values
}
