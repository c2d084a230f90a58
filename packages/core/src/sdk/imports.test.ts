import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** Files that are loaded with a file; imports of types alone are gone at run time. */
function loadedWith(file: URL, seen = new Map<string, readonly string[]>()): ReadonlyMap<string, readonly string[]> {
  if (seen.has(file.href)) return seen
  const imports = [...readFileSync(file, 'utf8').matchAll(/^(?:import|export) (?!type\b)[^'"]*?from '([^']+)'/gm)]
  const specifiers = imports.map((match) => match[1] ?? '')
  seen.set(file.href, specifiers)
  for (const specifier of specifiers.filter((name) => name.startsWith('.'))) loadedWith(new URL(specifier, file), seen)
  return seen
}

test('the SDK loads nothing but itself: no package, no schema, no platform module', () => {
  const folder = new URL('./', import.meta.url).href
  const loaded = loadedWith(new URL('index.ts', import.meta.url))
  expect(loaded.size).toBeGreaterThan(8)
  expect([...loaded.keys()].filter((file) => !file.startsWith(folder) || file.includes('/generate/'))).toEqual([])
  expect([...loaded.values()].flat().filter((name) => !name.startsWith('.'))).toEqual([])
})
