export interface SshOptions {
  /** @default '0.0.0.0' and, where the machine has it, '::' */
  readonly host?: string
  /** 0 takes any that is free. */
  readonly port: number
  /** How long sessions go on without the panel, milliseconds. @default 60 s */
  readonly aloneMs?: number
  /** Time to sign in, milliseconds. @default 60 s */
  readonly signInMs?: number
  /** Connections at once that have not signed in. @default 8 from one address, 100 in all */
  readonly maxWaiting?: { readonly perAddress: number; readonly inAll: number }
  /** Connections at once. @default 512 in all, 32 of one person */
  readonly maxConnections?: { readonly inAll: number; readonly perUser: number }
}

export const SSH_DEFAULTS = {
  port: 2022,
  aloneMs: 60_000,
  signInMs: 60_000,
  maxWaiting: { perAddress: 8, inAll: 100 },
  maxConnections: { inAll: 512, perUser: 32 },
} as const

/**
 * Where SSH listens, as the command line says; null for `none`.
 * @throws Error that says what is wrong
 */
export function readSshListen(text: string): SshOptions | null {
  if (text === 'none') return null
  const [, host, port = ''] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? []
  if (port === '' || Number(port) > 65_535) throw new Error(`--ssh-listen must be [HOST:]PORT or none, not "${text}".`)
  return { port: Number(port), ...(host !== undefined && { host: host.replace(/^\[(.*)\]$/, '$1') }) }
}
