const DAY_MS = 86_400_000

/** What somebody has chosen in the form. */
export interface Bounds {
  readonly days: number | null
  readonly server: string | null
  /** Addresses and blocks, apart by spaces or commas. */
  readonly ips: string
}

export const NO_BOUNDS: Bounds = { days: null, server: null, ips: '' }

/** The same as the API takes it; what does not bind is left out. */
export function boundsBody({ days, server, ips }: Bounds, now: number) {
  const allowedIps = ips.split(/[\s,]+/).filter(Boolean)
  return {
    ...(server === null ? {} : { servers: [server] }),
    ...(allowedIps.length > 0 ? { allowedIps } : {}),
    ...(days === null ? {} : { expiresAt: now + days * DAY_MS }),
  }
}
