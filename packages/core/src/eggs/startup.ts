import type { Egg } from './model.ts'
import { variableValues, type EggServer } from './server.ts'

const HOLE = /\{\{([A-Za-z_]\w*)\}\}/g

/** Variables that every server has, whatever the egg names. */
function serverVariables(server: EggServer): [string, string][] {
  return [
    ['TZ', server.timezone],
    ['SERVER_MEMORY', String(server.memoryMiB)],
    ['SERVER_IP', server.allocation?.ip ?? '0.0.0.0'],
    ['SERVER_PORT', server.allocation === null ? '' : String(server.allocation.port)],
    ['P_SERVER_UUID', server.uuid],
    ['P_SERVER_LOCATION', server.location],
    ['P_SERVER_ALLOCATION_LIMIT', String(server.allocationLimit)],
  ]
}

const commandOf = (egg: Egg, command: string | undefined): string => command ?? egg.startupCommands[0]?.value ?? ''

/** Names as the egg writes them, then upper-cased as the daemons write them; what was first stays. */
function valuesOf(egg: Egg, server: EggServer): Map<string, string> {
  const values = new Map(serverVariables(server))
  const own = variableValues(egg, server)
  for (const [name, value] of own) if (!values.has(name)) values.set(name, value)
  for (const [name, value] of own) if (!values.has(name.toUpperCase())) values.set(name.toUpperCase(), value)
  return values
}

/**
 * The start command as a person reads it: `{{NAME}}` replaced by its value, once, the rest left to the shell. A name that
 * nothing knows stays as it is.
 *
 * @param command default: the first of the egg
 */
export function renderStartup(egg: Egg, server: EggServer, command?: string): string {
  const values = valuesOf(egg, server)
  return commandOf(egg, command).replace(HOLE, (hole, name: string) => values.get(name) ?? hole)
}

/**
 * The environment of the container. Variables of the egg stand under their own name and under it in upper case; those of
 * the server win. In `STARTUP`, `{{NAME}}` is written as `${NAME}`, so that a shell takes the value from the environment
 * and a `$` or a quote inside a value is never read as a command.
 *
 * @param command default: the first of the egg
 */
export function environmentOf(egg: Egg, server: EggServer, command?: string): Record<string, string> {
  const values = valuesOf(egg, server)
  const text = commandOf(egg, command)
  const startup = text.replace(HOLE, (hole, name: string, at: number) => {
    if (!values.has(name)) return hole
    // The entrypoints of many images turn `}}` into `}`, so `${NAME}` must not stand before another brace.
    return text[at + hole.length] === '}' ? `$${name}` : `\${${name}}`
  })
  values.set('STARTUP', startup)
  return Object.fromEntries(values)
}
