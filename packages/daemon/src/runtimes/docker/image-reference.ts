import { AppError } from '@hatchery/core/errors'

export interface ImageReference {
  /** Whole reference as the engine takes it, with a tag or a digest. */
  readonly full: string
  /** `docker.io` when the reference names none. */
  readonly registry: string
  readonly repository: string
  readonly tag: string | null
  readonly digest: string | null
}

const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/
const REGISTRY =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/
const TAG = /^\w[\w.-]{0,127}$/
const DIGEST = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,}$/

/**
 * Reads an image reference as an egg writes it. A leading `~` (the field's sign for "do not pull") is dropped.
 * @throws AppError `IMAGE_INVALID`
 * @example parseImageReference('ghcr.io/acme/game:1').repository // 'acme/game'
 */
export function parseImageReference(text: string): ImageReference {
  const invalid = () => new AppError('IMAGE_INVALID', { image: text.slice(0, 200) })
  const reference = text.trim().replace(/^~/, '')
  if (reference.length === 0 || reference.length > 512) throw invalid()

  const [named, digest, ...moreDigests] = reference.split('@')
  if (!named || moreDigests.length > 0 || (digest !== undefined && !DIGEST.test(digest))) throw invalid()

  const lastSlash = named.lastIndexOf('/')
  const colon = named.indexOf(':', lastSlash + 1)
  const tag = colon === -1 ? null : named.slice(colon + 1)
  if (tag !== null && !TAG.test(tag)) throw invalid()

  const parts = (colon === -1 ? named : named.slice(0, colon)).split('/')
  const first = parts[0] ?? ''
  const hasRegistry =
    parts.length > 1 && (/[.:[]/.test(first) || first === 'localhost' || first !== first.toLowerCase())
  const registry = hasRegistry ? first : 'docker.io'
  const path = hasRegistry ? parts.slice(1) : parts
  if (!REGISTRY.test(registry) || !path.every((part) => COMPONENT.test(part))) throw invalid()

  const repository = registry === 'docker.io' && path.length === 1 ? `library/${path[0]}` : path.join('/')
  const name = hasRegistry ? `${registry}/${path.join('/')}` : path.join('/')
  const suffix = digest === undefined ? `:${tag ?? 'latest'}` : `${tag === null ? '' : `:${tag}`}@${digest}`
  return {
    full: name + suffix,
    registry,
    repository,
    tag: tag ?? (digest === undefined ? 'latest' : null),
    digest: digest ?? null,
  }
}
