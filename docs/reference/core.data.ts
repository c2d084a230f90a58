import { readFileSync } from 'node:fs'

export interface Subpath {
  readonly name: string
  readonly stability: string
}

declare const data: readonly Subpath[]
export { data }

/** The subpaths of @hatchery/core with the promise that its package.json makes about each. */
export default {
  watch: ['../../packages/core/package.json'],
  load(): readonly Subpath[] {
    const manifest = JSON.parse(readFileSync(new URL('../../packages/core/package.json', import.meta.url), 'utf8')) as {
      stability: Record<string, string>
    }
    return Object.entries(manifest.stability).map(([path, stability]) => ({
      name: `@hatchery/core${path.slice(1)}`,
      stability,
    }))
  },
}
