import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The built web app: beside the sources in a clone, inside the installed package otherwise; null when it was not built. */
export function findWebRoot(): string | null {
  const inClone = new URL('../../../../ui-vue/app-dist/', import.meta.url)
  const inPackage = new URL('../web/', import.meta.url)
  for (const url of [inClone, inPackage]) {
    const directory = fileURLToPath(url)
    if (existsSync(`${directory}index.html`)) return directory
  }
  return null
}
