import { execFileSync } from 'node:child_process'
import path from 'node:path'

/** Makes one of the local images of the tests, unless it is there. */
export function buildImage(name: string): void {
  execFileSync(path.resolve(import.meta.dirname, '../../test/images/build.sh'), [name], { stdio: 'inherit' })
}
