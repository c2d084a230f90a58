import { readFileSync } from 'node:fs'

/** Of this package; read once, from the file beside both the sources and the build. */
export const VERSION: string = readVersion()

function readVersion(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as {
        name?: string
        version: string
      }
      if (name === '@hatchery/panel') return version
    } catch {
      // The bundle lies one folder higher than the sources do.
    }
  }
  return '0.0.0'
}
