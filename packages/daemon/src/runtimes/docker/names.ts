import { createHash } from 'node:crypto'
import type { ServerId } from '@hatchery/core/runtime'

/** Labels by which an agent knows what it made; nothing without its installation is ever touched. */
export const LABEL = {
  server: 'hatchery.server',
  installation: 'hatchery.installation',
  /** `game` or `install`. */
  kind: 'hatchery.kind',
  /** Hash of all that the container was made from. */
  spec: 'hatchery.spec',
} as const

export const containerName = (server: ServerId) => `hatchery-${server}`
export const installerName = (server: ServerId) => `hatchery-${server}-install`
export const networkName = (server: ServerId) => `hatchery-${server}`
/** Interface names end at 15 characters; no part of a uuid of every version is random. */
export const bridgeName = (server: ServerId) => `hy-${createHash('sha256').update(server).digest('hex').slice(0, 12)}`
