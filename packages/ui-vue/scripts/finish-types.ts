/** Types are written with the sources' `.ts` endings; people who install the package have `.js` files beside them. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const DIST = new URL('../dist/', import.meta.url).pathname
for (const file of await readdir(DIST, { recursive: true })) {
  if (!file.endsWith('.d.ts')) continue
  const path = join(DIST, file)
  const text = await readFile(path, 'utf8')
  await writeFile(path, text.replace(/((?:from|import\()\s*['"]\.{1,2}\/[^'"]+)\.ts(['"])/g, '$1.js$2'))
}
