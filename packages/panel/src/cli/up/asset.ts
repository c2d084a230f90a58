import { existsSync } from 'node:fs'

/** A file of the package's `assets`, which lie beside the sources and, one step away, beside the build. */
export function findAsset(name: string): URL {
  const beside = (folder: string) => new URL(`${folder}/assets/${name}`, import.meta.url)
  return [beside('../../..'), beside('..')].find((url) => existsSync(url)) ?? beside('..')
}
