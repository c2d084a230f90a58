import { shellLine } from '../shell-line.ts'

/** The parts of an image's configuration that decide how a server is started. */
export interface ImageStart {
  readonly Entrypoint?: string | string[] | null | undefined
  readonly Cmd?: string[] | null | undefined
}

export interface StartCommand {
  readonly Entrypoint?: string[]
  readonly Cmd?: string[]
  /** The engine puts its init before it, because the image brings none: signals arrive and zombies are collected. */
  readonly needsInit: boolean
}

/** Programs that do nothing with `STARTUP` when an image names one of them as its last word. */
const INTERPRETERS =
  /^(?:sh|bash|ash|dash|zsh|busybox|node|nodejs|python\d?(?:\.\d+)?|java|jshell|mono|dotnet|php|ruby|perl|lua|true)$/
const SHELLS = /^(?:sh|bash|ash|dash|zsh|busybox)$/
const INITS = /^(?:tini(?:-static)?|dumb-init|docker-init|catatonit|init|s6-svscan)$/

const basename = (path: string) => path.slice(path.lastIndexOf('/') + 1)

/**
 * How a server's startup line gets to run.
 *
 * An image made for game panels brings a program that reads `STARTUP` (`/entrypoint.sh`, often behind tini): it runs as it is.
 * An image without a start command, or whose start command ends in a shell or an interpreter, does nothing with `STARTUP`:
 * there the line is run by `/bin/sh -c`. An entrypoint that hands over to its arguments is kept in front.
 */
export function startCommand(image: ImageStart, startup: string): StartCommand {
  const entrypoint = typeof image.Entrypoint === 'string' ? [image.Entrypoint] : (image.Entrypoint ?? [])
  const words = [...entrypoint, ...(image.Cmd ?? [])]
  const needsInit = !words.slice(0, 2).some((word) => INITS.test(basename(word)))
  const last = basename(words.at(-1) ?? '')
  const isPlain = words.length === 0 || INTERPRETERS.test(last) || INITS.test(last) || last === '--'
  if (!isPlain) return { needsInit }

  const Cmd = ['/bin/sh', '-c', shellLine(startup)]
  const isShellEntrypoint = entrypoint.length > 0 && SHELLS.test(basename(entrypoint[0] ?? ''))
  return isShellEntrypoint ? { Entrypoint: Cmd, Cmd: [], needsInit } : { Cmd, needsInit }
}
