/** What a placement needs to know of a node. */
export interface PlacementNode {
  readonly id: string
  readonly name: string
  readonly isOnline: boolean
  readonly isMaintenance: boolean
  readonly location?: string
  /** What may be given to servers; 0 means not limited. */
  readonly capacity: Resources
  /** The sum of its servers' limits. */
  readonly allocated: Resources
  readonly freeAllocationCount: number
}

export interface Resources {
  readonly memoryMiB: number
  readonly diskMiB: number
  readonly cpuPercent: number
}

export interface PlacementRequest {
  /** Limits of the server; 0 means not limited, and counts as nothing. */
  readonly limits: Resources
  /** Addresses it needs. @default 1 */
  readonly allocationCount?: number
  /** Only this node. */
  readonly node?: string
  /** Only nodes of this location. */
  readonly location?: string
}

/** A node that was looked at, and a sentence on why it was chosen or passed over. */
export interface ConsideredNode {
  readonly node: string
  readonly name: string
  readonly fits: boolean
  readonly reason: string
}

export interface PlacementResult {
  /** Id of the chosen node; null when none fits. */
  readonly node: string | null
  /** Every node: the chosen one first, then those that fit, then the others; each group by rank, then name. */
  readonly considered: readonly ConsideredNode[]
}

const RESOURCES = [
  { key: 'memoryMiB', label: 'memory', unit: ' MiB' },
  { key: 'diskMiB', label: 'disk', unit: ' MiB' },
  { key: 'cpuPercent', label: 'CPU', unit: ' %' },
] as const satisfies readonly { key: keyof Resources; label: string; unit: string }[]

/**
 * Decides which node takes a server, and says why. Of the nodes that fit, the one whose scarcest resource keeps the
 * largest free share afterwards wins; then the one with more free addresses; then by name and id. The same nodes in
 * any order give the same answer.
 */
export function placeServer(nodes: readonly PlacementNode[], wanted: PlacementRequest): PlacementResult {
  const looked = nodes.map((node) => ({
    node,
    obstacle: obstacleOf(node, wanted),
    rest: restAfter(node, wanted.limits),
  }))
  const fitting = looked
    .filter(({ obstacle }) => obstacle === undefined)
    .toSorted(
      (a, b) =>
        b.rest.share - a.rest.share ||
        b.node.freeAllocationCount - a.node.freeAllocationCount ||
        compareNodes(a.node, b.node),
    )
  const others = looked
    .filter(({ obstacle }) => obstacle !== undefined)
    .toSorted((a, b) => compareNodes(a.node, b.node))
  const chosen = fitting[0]

  const row = (node: PlacementNode, fits: boolean, reason: string): ConsideredNode => ({
    node: node.id,
    name: node.name,
    fits,
    reason,
  })
  return {
    node: chosen?.node.id ?? null,
    considered: [
      ...fitting.map(({ node, rest }) => {
        const kept =
          rest.label === undefined ? 'it is not limited' : `keeps ${percent(rest.share)} of its ${rest.label} free`
        return row(
          node,
          true,
          node === chosen?.node ? `Chosen: ${kept}.` : `Fits (${kept}), but ${chosen?.node.name} suits better.`,
        )
      }),
      ...others.map(({ node, obstacle }) => row(node, false, obstacle ?? '')),
    ],
  }
}

function obstacleOf(node: PlacementNode, wanted: PlacementRequest): string | undefined {
  const count = wanted.allocationCount ?? 1
  if (wanted.node !== undefined && wanted.node !== node.id) return 'Another node was asked for.'
  if (wanted.location !== undefined && wanted.location !== node.location) return 'It is in another location.'
  if (node.isMaintenance) return 'It is in maintenance.'
  if (!node.isOnline) return 'It is offline.'
  for (const { key, label, unit } of RESOURCES) {
    const free = node.capacity[key] - node.allocated[key]
    if (node.capacity[key] > 0 && wanted.limits[key] > 0 && wanted.limits[key] > free) {
      return `It has ${Math.max(0, free)}${unit} of ${label} left; ${wanted.limits[key]}${unit} are wanted.`
    }
  }
  if (node.freeAllocationCount < count) {
    return node.freeAllocationCount === 0
      ? 'It has no free address.'
      : `It has ${node.freeAllocationCount} free addresses; ${count} are wanted.`
  }
  return undefined
}

/** The smallest free share that is left of any limited resource, and which one that is. */
function restAfter(node: PlacementNode, limits: Resources): { readonly share: number; readonly label?: string } {
  const shares = RESOURCES.filter(({ key }) => node.capacity[key] > 0).map(({ key, label }) => ({
    share: (node.capacity[key] - node.allocated[key] - limits[key]) / node.capacity[key],
    label,
  }))
  return shares.reduce<{ share: number; label?: string }>((least, one) => (one.share < least.share ? one : least), {
    share: shares.length === 0 ? 1 : Infinity,
  })
}

function compareNodes(a: PlacementNode, b: PlacementNode): number {
  return compareText(a.name, b.name) || compareText(a.id, b.id)
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

function percent(share: number): string {
  return `${Math.floor(share * 100)} %`
}
