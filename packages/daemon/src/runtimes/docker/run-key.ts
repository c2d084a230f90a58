import type { ContainerInspectInfo } from 'dockerode'

/** Tells one start of a container from another. */
export function runKey({ Id, State }: Pick<ContainerInspectInfo, 'Id' | 'State'>): string {
  return `${Id.slice(0, 12)}@${State.StartedAt}`
}
