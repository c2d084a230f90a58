/** Which names may be asked, before anything is known of their addresses. */
export interface HostPolicy {
  /** @returns why the name is refused, as the end of a sentence; null when it may be asked */
  refusalOf(host: string): string | null
}

/**
 * Names of hosts that are allowed and forbidden: `example.com`, and `*.example.com` for everything below it. Without allowed
 * ones all are; what is forbidden is so even where it is allowed.
 * @throws Error for a pattern that is no name
 * @example createHostPolicy({ allow: ['*.example.com'] }).refusalOf('example.org') // 'the host does not allow example.org'
 */
export function createHostPolicy({
  allow = [],
  deny = [],
}: {
  readonly allow?: readonly string[]
  readonly deny?: readonly string[]
}): HostPolicy {
  const [allowed, denied] = [allow.map(patternOf), deny.map(patternOf)]
  return {
    refusalOf(host) {
      // A dot at the end is the same name.
      const name = host.toLowerCase().replace(/\.$/, '')
      const isAllowed = allowed.length === 0 || allowed.some((fits) => fits(name))
      return isAllowed && !denied.some((fits) => fits(name)) ? null : `the host does not allow ${name}`
    },
  }
}

function patternOf(text: string): (name: string) => boolean {
  const isBelow = text.startsWith('*.')
  const wanted = (isBelow ? text.slice(2) : text).toLowerCase().replace(/\.$/, '')
  if (!/^[\p{L}\p{N}._:-]+$/u.test(wanted)) throw new Error(`${text} is no name such as example.com or *.example.com.`)
  return (name) => (isBelow ? name.endsWith(`.${wanted}`) : name === wanted)
}
