import type { Account, ConsoleLine, Server } from '@hatchery/core/sdk'

const ID = '0a1b2c3d-0000-4000-8000-000000000001'

export const someAccount: Account = {
  id: '0a1b2c3d-0000-4000-8000-0000000000aa',
  email: 'mira@hatchery.test',
  username: 'mira',
  firstName: '',
  lastName: '',
  isAdmin: true,
  adminPermissions: ['*'],
  language: 'en',
  mustChangePassword: false,
  revision: 1,
}

export function someServer(change: Partial<Server> = {}): Server {
  return {
    id: ID,
    shortId: ID.slice(0, 8),
    name: 'Survival',
    description: '',
    state: 'running',
    holds: [],
    node: { id: 'n', name: 'fra-1', online: true, isolated: true },
    egg: { id: 'e', name: 'Paper' },
    owner: { id: someAccount.id, username: 'mira', email: someAccount.email },
    address: 'play.hatchery.test:25565',
    limits: {
      memoryMiB: 2048,
      swapMiB: 0,
      diskMiB: 10_240,
      cpuPercent: 200,
      cpuPinning: null,
      ioWeight: 500,
      pids: 512,
    },
    createdAt: 0,
    revision: 1,
    permissions: ['*'],
    externalId: null,
    image: 'java:21',
    images: [{ label: 'Java 21', value: 'java:21' }],
    allocations: [],
    isInstalled: true,
    lastExit: null,
    pendingFeatures: [],
    operation: null,
    sftp: {
      host: 'node-1.example.com',
      port: 2022,
      username: `mira.${ID.slice(0, 8)}`,
      fingerprint: `SHA256:${'Zk3'.repeat(14)}Q`,
    },
    stopTimeoutMs: 60_000,
    lifecycle: {
      crash: {
        isEnabled: true,
        treatCleanExitAsCrash: false,
        maxRestarts: 5,
        windowMs: 600_000,
        backoffMs: 2_000,
      },
      stopTimeoutMs: 60_000,
    },
    ...change,
  }
}

export function someLine(line: number, text: string, change: Partial<ConsoleLine> = {}): ConsoleLine {
  return { run: 1, line, at: line * 1000, kind: 'out', text, ...change }
}
