/** Signals that an egg may stop its game with and that a shell would die of. */
const STOP_SIGNALS = 'TERM INT QUIT HUP USR1 USR2'

/**
 * What a stop signal does to the shell itself. The processes of the line get the signal too, from the init before the shell
 * (see {@link SIGNAL_WHOLE_GROUP}); the shell must outlive them, because the container ends with it. A trap runs after the
 * command in the foreground has ended; then the rest of the line is not run any more, so a loop that starts a game again ends.
 * What runs in the background is waited for, and keeps its own way to end.
 */
const TRAP = `trap 'hatchery_status=$?; wait; exit $hatchery_status' ${STOP_SIGNALS}`

/** Tells the engine's init, and tini in an image, to hand signals to every process of the line and not to the shell alone. */
export const SIGNAL_WHOLE_GROUP = { TINI_KILL_PROCESS_GROUP: '1' } as const

/**
 * A line that is one simple command replaces the shell, so that signals reach the game itself.
 * Anything else (`a && b`, `cd x; ./y`, `VAR=1 ./z`, `if …`) is left to a shell that waits for it when it is asked to stop.
 */
export function shellLine(startup: string): string {
  const line = startup.trim()
  return isSimple(line) ? `exec ${line}` : waitingShellLine(line)
}

/** The line in a shell that stays, for runtimes without an init: a first process ignores signals that it does not handle. */
export function waitingShellLine(startup: string): string {
  return `${TRAP}\n${startup.trim()}`
}

function isSimple(line: string): boolean {
  return (
    /^[./~\w$][^;&|<>()`\n]*$/.test(line) &&
    !/^(?:\w+=|cd\s|export\s|if\s|for\s|while\s|exec\s|eval\s|set\s|source\s|\.\s|ulimit\s|umask\s|unset\s|trap\s)/.test(
      line,
    )
  )
}
