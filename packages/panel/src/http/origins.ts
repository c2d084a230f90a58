import type { IncomingMessage } from 'node:http'
import { AppError } from '@hatchery/core/errors'
import type { PanelConfig } from '../context.ts'
import type { ClientAddresses } from './client-address.ts'

/**
 * Refuses what another site's page sends with our cookie. A browser names the origin on every unsafe call and every
 * WebSocket; where it is missing, `Sec-Fetch-Site` decides, and a caller without either is no browser.
 * @throws AppError `ORIGIN_NOT_ALLOWED`
 */
export function checkOrigin(request: IncomingMessage, config: PanelConfig, addresses: ClientAddresses): void {
  const { origin } = request.headers
  if (origin === undefined) {
    const site = request.headers['sec-fetch-site']
    if (site === undefined || site === 'same-origin' || site === 'none') return
    throw new AppError('ORIGIN_NOT_ALLOWED', { origin: 'another site' })
  }
  if (!isAllowedOrigin(origin, request, config, addresses)) throw new AppError('ORIGIN_NOT_ALLOWED', { origin })
}

export function isAllowedOrigin(
  origin: string,
  request: IncomingMessage,
  config: PanelConfig,
  addresses: ClientAddresses,
): boolean {
  if (config.allowedOrigins.includes(origin)) return true
  if (config.publicUrl !== null) return origin === new URL(config.publicUrl).origin
  return origin === addresses.originOf(request)
}
