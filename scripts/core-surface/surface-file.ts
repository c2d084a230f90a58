import type { FormerPromise } from './compare-surfaces.ts'
import type { Surface } from './read-surface.ts'

/** What every stable subpath promised at a release. */
export interface ReleasedSurface {
  readonly version: string
  /** By subpath, such as `./eggs`; then as in a `Surface`. */
  readonly subpaths: ReadonlyMap<string, ReadonlyMap<string, FormerPromise>>
}

const HEAD = [
  '# What the stable parts of @hatchery/core promise: one line for each name, member, parameter and choice, as owner, part, type.',
  '# Written at a release by `node scripts/check-core-surface.ts --write`; do not edit.',
]

export function printSurface(version: string, subpaths: ReadonlyMap<string, Surface>): string {
  const lines = [...HEAD, `version ${version}`]
  for (const [subpath, surface] of subpaths) {
    lines.push('', `subpath ${subpath}`)
    for (const { owner, part, type } of surface.values()) lines.push([owner, part, type].join('\t'))
  }
  return `${lines.join('\n')}\n`
}

/** @throws Error for a text that `printSurface` has not written */
export function parseSurface(text: string): ReleasedSurface {
  const subpaths = new Map<string, Map<string, FormerPromise>>()
  let version: string | undefined
  let current: Map<string, FormerPromise> | undefined
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('# ')) continue
    const [owner = '', part, type] = line.split('\t')
    if (part === undefined || type === undefined) {
      const [word, value = ''] = line.split(' ')
      if (word === 'version') version = value
      else if (word === 'subpath') subpaths.set(value, (current = new Map()))
      else throw new Error(`This line of the surface is not understood: ${line}`)
    } else current?.set(`${owner}\t${part}`, { owner, part, type })
  }
  if (version === undefined) throw new Error('The surface names no version.')
  return { version, subpaths }
}
