import type { Egg } from './model.ts'

/** How a server is asked to stop: a console line, a signal (POSIX name with the `SIG` prefix), or the engine's own stop. */
export type StopMethod =
  | { readonly type: 'command'; readonly command: string }
  | { readonly type: 'signal'; readonly signal: string }
  | { readonly type: 'runtime' }

const SIGNALS: ReadonlySet<string> = new Set(['HUP', 'INT', 'QUIT', 'ABRT', 'KILL', 'USR1', 'USR2', 'TERM'])

/**
 * How a server of this egg is asked to stop. `^C` is an interrupt, `^^C` a kill (160 published eggs rely on it), `^NAME`
 * that signal and a kill where there is none of that name; anything else is typed into the console.
 */
export function stopMethodOf(egg: Pick<Egg, 'config'>): StopMethod {
  const { stop, stopType } = egg.config
  if (stopType === 'command') return stop === '' ? { type: 'runtime' } : { type: 'command', command: stop }
  if (stopType === 'runtime') return { type: 'runtime' }
  if (stopType === 'signal') return { type: 'signal', signal: signalOf(stop) }
  if (stop.trim() === '') return { type: 'runtime' }
  return stop.startsWith('^') ? { type: 'signal', signal: signalOf(stop.slice(1)) } : { type: 'command', command: stop }
}

function signalOf(written: string): string {
  const name = written.trim().toUpperCase()
  if (name === 'C') return 'SIGINT'
  const bare = name.startsWith('SIG') ? name.slice(3) : name
  return SIGNALS.has(bare) ? `SIG${bare}` : 'SIGKILL'
}
