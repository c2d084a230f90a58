import type { Limits } from '@hatchery/core/sdk'

export const DEFAULT_LIMITS: Limits = {
  memoryMiB: 2048,
  swapMiB: 0,
  diskMiB: 10_240,
  cpuPercent: 200,
  cpuPinning: null,
  ioWeight: 500,
  pids: 512,
}
