// After the build: takes away the declarations that no export leads to. They are most of the files, and nobody can import them.
import { readFileSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'

const folder = path.resolve(import.meta.dirname, '..')
const dist = path.join(folder, 'dist')
const { exports } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
  exports: Record<string, string | { types: string }>
}

const reached = new Set<string>()
const reach = (file: string): void => {
  if (reached.has(file)) return
  reached.add(file)
  for (const [, specifier] of readFileSync(file, 'utf8').matchAll(/(?:from|import\()\s*['"](\.[^'"]+)\.ts['"]/g)) {
    reach(path.resolve(path.dirname(file), `${specifier}.d.ts`))
  }
}
for (const target of Object.values(exports)) {
  if (typeof target !== 'string') reach(path.join(folder, target.types))
}

const declarations = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.d.ts'))
const unreached = declarations.map((name) => path.join(dist, name)).filter((file) => !reached.has(file))
for (const file of unreached) rmSync(file)
console.log(`${unreached.length} of ${declarations.length} declaration files taken away`)
