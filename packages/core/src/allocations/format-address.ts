/**
 * What a player types: `host:port`, IPv6 in brackets, the alias in place of the address where there is one.
 * @example formatAddress('2001:db8::1', 25565) // [2001:db8::1]:25565
 */
export function formatAddress(ip: string, port: number, alias?: string | null): string {
  const host = alias === undefined || alias === null || alias === '' ? ip : alias
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Whether an address means every address of its machine, so that it says nothing to a player. */
export function isAnyAddress(ip: string): boolean {
  return ip === '0.0.0.0' || ip === '::'
}
