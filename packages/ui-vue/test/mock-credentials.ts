import type { AppPassword, SshKey } from '@hatchery/core/sdk'
import { NOW, servers, uuid } from './mock-data.ts'

const DAY = 86_400_000
const unbound = { servers: null, allowedIps: null, expiresAt: null, lastUsedAt: null, lastUsedIp: null }

export const sshKeys: SshKey[] = [
  {
    ...unbound,
    id: uuid(),
    name: 'mira@laptop',
    algorithm: 'ssh-ed25519',
    fingerprint: 'SHA256:q8Tn0yXbZr3uVdJ5kLcWfE1oGmPs7hAiN9vRtK2xYzQ',
    publicKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHk2',
    createdAt: NOW - 40 * DAY,
    lastUsedAt: NOW - 600_000,
    lastUsedIp: '198.51.100.23',
  },
  {
    ...unbound,
    id: uuid(),
    name: 'Build machine that uploads the plugins',
    algorithm: 'ecdsa-sha2-nistp256',
    fingerprint: 'SHA256:Lw4eBvXk9sQm2TzRjPy6oUdHc8nFg0aViM3rKx5tYbE',
    publicKey: 'ecdsa-sha2-nistp256 AAAAE2VjZHNh',
    servers: [servers[0]?.id ?? uuid()],
    allowedIps: ['203.0.113.0/24'],
    expiresAt: NOW - DAY,
    createdAt: NOW - 90 * DAY,
  },
]

export const appPasswords: AppPassword[] = [
  { ...unbound, id: uuid(), name: 'FileZilla', createdAt: NOW - 3 * DAY, expiresAt: NOW + 87 * DAY },
]
