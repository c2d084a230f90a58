import type { Node } from '@hatchery/core/sdk'

const TONES: Readonly<Record<Node['status'], 'ok' | 'danger' | 'info' | 'warn'>> = {
  online: 'ok',
  offline: 'danger',
  'awaiting-agent': 'info',
  recovery: 'warn',
  locked: 'danger',
}

/** Colour of a node's state; one that is not known yet is neutral. */
export function nodeTone(status: string): string | undefined {
  return (TONES as Readonly<Record<string, string>>)[status]
}
