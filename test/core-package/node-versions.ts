import { existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { run } from './install-core.ts'

const tools = path.resolve(import.meta.dirname, '../../.tools')
/** The oldest and the newest that core promises; the one between is what runs this. */
const OTHERS = ['22.12', '26'] as const

/** The programs of Node 22.12, of this one, and of Node 26. Those that are not there yet come from the registry into `.tools/`. */
export function nodeVersions(): readonly { readonly version: string; readonly program: string }[] {
  const platform = `node-${process.platform}-${process.arch}`
  const others = OTHERS.map((version) => {
    const prefix = path.join(tools, `node-${version}`)
    const program = path.join(prefix, 'node_modules', platform, 'bin/node')
    if (!existsSync(program)) {
      mkdirSync(prefix, { recursive: true })
      const options = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']
      run('npm', ['install', '--prefix', prefix, ...options, `${platform}@${version}`], prefix)
    }
    return program
  })
  return [others[0], process.execPath, others[1]].flatMap((program) =>
    program === undefined ? [] : [{ program, version: run(program, ['--version'], tools).trim() }],
  )
}
