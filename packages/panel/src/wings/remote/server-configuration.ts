import { environmentOf, processConfiguration } from '@hatchery/core/eggs'
import { eggServerOf, type SpecSource } from '../../servers/build-spec.ts'

/** Which daemon asks: the two differ in details of what they expect. */
export type WingsKind = 'pterodactyl' | 'pelican'

/** What a Wings is told of one server: the same rows and the same functions that an agent's spec is made of. */
export function serverConfiguration(source: SpecSource, kind: WingsKind) {
  const { server, egg, allocations } = source
  const subject = eggServerOf(source)
  const process = processConfiguration(egg, subject, { panel: kind })
  const primary = subject.allocation

  return {
    settings: {
      id: server.id,
      uuid: server.uuid,
      meta: { name: server.name, description: server.description },
      suspended: source.holds.length > 0,
      environment: environmentOf(egg, subject, server.startup),
      // Placeholders stay: the entrypoints of images know them.
      invocation: server.startup,
      skip_egg_scripts: server.skip_scripts === 1 || installScript(source) === null,
      build: {
        memory_limit: server.memory_mib,
        swap: server.swap_mib,
        io_weight: server.io_weight,
        cpu_limit: server.cpu_percent,
        threads: server.cpu_pinning,
        disk_space: server.disk_mib,
        oom_disabled: server.oom_killer === 0,
        oom_killer: server.oom_killer === 1,
      },
      container: { image: server.image, oom_disabled: server.oom_killer === 0, requires_rebuild: false },
      allocations: {
        force_outgoing_ip: egg.forceOutgoingIp ?? false,
        default: { ip: primary?.ip ?? '127.0.0.1', port: primary?.port ?? 0 },
        mappings: portsByAddress(allocations),
      },
      mounts: [],
      // A map stays a map when it is empty: Go reads no list in its place.
      egg: { id: egg.uuid ?? String(server.egg_id), file_denylist: [...egg.fileDenylist], features: {} },
    },
    process_configuration: {
      ...process,
      startup: { ...process.startup, done: process.startup.done ?? [] },
    },
  }
}

/** Null when the egg has nothing to run. */
export function installScript({ egg }: SpecSource) {
  const { install } = egg
  if (install === null || install.script.trim() === '') return null
  return { container_image: install.container, entrypoint: install.entrypoint, script: install.script }
}

function portsByAddress(allocations: SpecSource['allocations']): Record<string, number[]> {
  const ports: Record<string, number[]> = {}
  for (const { ip, port } of allocations) (ports[ip] ??= []).push(port)
  return ports
}
