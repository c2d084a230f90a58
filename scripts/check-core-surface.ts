// The stable parts of @hatchery/core change only as its changesets announce: more needs a minor one, anything else a major one.
// Compares the built declarations with packages/core/stable-surface.txt, which holds what the last release promised.
// `--write` writes that file, at a release only. `--dist FOLDER` and `--changesets FOLDER` check other files than the repository's.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { compareSurfaces } from './core-surface/compare-surfaces.ts'
import { isAtLeast, pendingBump, type Bump } from './core-surface/pending-bump.ts'
import { readSurface, type Surface } from './core-surface/read-surface.ts'
import { parseSurface, printSurface } from './core-surface/surface-file.ts'

const root = path.resolve(import.meta.dirname, '..')
const core = path.join(root, 'packages/core')
const { values } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    dist: { type: 'string', default: path.join(core, 'dist') },
    changesets: { type: 'string', default: path.join(root, '.changeset') },
  },
})

const manifest = JSON.parse(readFileSync(path.join(core, 'package.json'), 'utf8')) as {
  version: string
  exports: Record<string, unknown>
  stability: Record<string, 'stable' | 'experimental'>
}
const file = path.join(core, 'stable-surface.txt')
process.exitCode = check() ? 0 : 1

function check(): boolean {
  const unmarked = Object.keys(manifest.exports).filter(
    (name) => !manifest.stability[name] && name !== './package.json',
  )
  const unknown = Object.keys(manifest.stability).filter((name) => manifest.exports[name] === undefined)
  if (unmarked.length > 0 || unknown.length > 0) {
    console.error(
      `Mark each export of core in "stability" of its package.json: ${[...unmarked, ...unknown].join(', ')}.`,
    )
    return false
  }
  const readme = readFileSync(path.join(core, 'README.md'), 'utf8')
  for (const [name, stability] of Object.entries(manifest.stability)) {
    const row = `@hatchery/core${name.slice(1)}`.replaceAll('/', '\\/')
    if (new RegExp(`^\\| \`${row}\` +\\| ${stability} `, 'm').test(readme)) continue
    console.error(`packages/core/README.md does not say that ${name} is ${stability}.`)
    return false
  }
  const subpaths = new Map<string, Surface>()
  for (const [name, stability] of Object.entries(manifest.stability)) {
    if (stability === 'stable') subpaths.set(name, readSurface(path.join(values.dist, name, 'index.d.ts'), values.dist))
  }
  return values.write ? write(subpaths) : compare(subpaths)
}

function write(subpaths: ReadonlyMap<string, Surface>): boolean {
  if (existsSync(file) && parseSurface(readFileSync(file, 'utf8')).version === manifest.version) {
    console.error(
      `${file} holds the promises of ${manifest.version} already. They are written anew when the version changes.`,
    )
    return false
  }
  writeFileSync(file, printSurface(manifest.version, subpaths))
  console.log(`Wrote what ${manifest.version} promises.`)
  return true
}

function compare(subpaths: ReadonlyMap<string, Surface>): boolean {
  const released = parseSurface(readFileSync(file, 'utf8'))
  if (released.version !== manifest.version) {
    console.error(`core is ${manifest.version} now: write what it promises with --write.`)
    return false
  }
  const announced = pendingBump(values.changesets, '@hatchery/core')
  let needed: Bump = 'none'
  for (const name of new Set([...released.subpaths.keys(), ...subpaths.keys()])) {
    const changes = compareSurfaces(released.subpaths.get(name) ?? new Map(), subpaths.get(name) ?? new Map())
    for (const { bump, text } of changes) {
      if (isAtLeast(bump, needed)) needed = bump
      if (!isAtLeast(announced, bump)) console.error(`${bump}  ${name} ${text}`)
    }
  }
  const count = [...subpaths.values()].reduce((sum, { size }) => sum + size, 0)
  if (isAtLeast(announced, needed)) {
    console.log(
      `${count} promises of ${subpaths.size} stable subpaths: changes need ${needed}, changesets announce ${announced}.`,
    )
    return true
  }
  console.error(
    `These changes of stable parts need a changeset for @hatchery/core of type ${needed}; there is ${announced}.`,
  )
  return false
}
