import type { RuntimeSpec } from '@hatchery/core/runtime'

/** The address by which a program means all addresses that it has. */
const EVERY_ADDRESS = '0.0.0.0'

/**
 * The environment of a server inside a container. An allocation's address belongs to the machine, or to nobody but it
 * (`127.0.0.1`), and never to the container: a game that binds to it fails or cannot be reached through the published port.
 * So `SERVER_IP` says there what a game has to bind to. Configuration files keep the address that players use, because eggs
 * write it there to be shown (`publicAddress`), and bind by this variable. The only place where this is decided.
 */
export function containerEnvironment(
  spec: Pick<RuntimeSpec, 'environment' | 'allocations'>,
): Readonly<Record<string, string>> {
  const address = spec.environment['SERVER_IP']
  const isOfMachine = spec.allocations.some(({ ip }) => ip === address)
  return isOfMachine ? { ...spec.environment, SERVER_IP: EVERY_ADDRESS } : spec.environment
}
