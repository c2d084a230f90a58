import { spawnSync } from 'node:child_process'
import { cpSync, lstatSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '../..')

/** What `npm i @hatchery/core` leaves behind in an empty project. */
export interface InstalledCore {
  readonly folder: string
  readonly packages: readonly string[]
  /** Sum of the file sizes. */
  readonly bytes: number
  /** What the files take on a disk with blocks of 4 KiB. */
  readonly diskBytes: number
  /** Packages that run something while they are installed, and files that are native code. */
  readonly suspects: readonly string[]
  /** Size of the tarball that travels. */
  readonly tarballBytes: number
}

/** Packs core and installs the tarball in an empty project below `directory`, outside of the workspace. Needs a build. */
export function installCore(directory: string): InstalledCore {
  const tarballs = path.join(directory, 'tarballs')
  const folder = path.join(directory, 'project')
  mkdirSync(tarballs, { recursive: true })
  mkdirSync(folder)
  const core = path.join(root, 'packages/core')
  const [packed] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', tarballs], core)) as [
    { filename: string; size: number },
  ]
  writeFileSync(path.join(folder, 'package.json'), '{"name":"somebody","private":true,"type":"module"}')
  const tarball = path.join(tarballs, packed.filename)
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', tarball], folder)

  const modules = path.join(folder, 'node_modules')
  const lock = JSON.parse(readFileSync(path.join(folder, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { hasInstallScript?: boolean }>
  }
  const installed = Object.entries(lock.packages).filter(([name]) => name !== '')
  const files = readdirSync(modules, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.startsWith('.') || name.startsWith('.bin'))
    .map((name) => ({ name, size: sizeOf(path.join(modules, name)) }))
  for (const name of ['exercise.js', 'in-node.js', 'in-browser.js', 'in-worker.js', 'required.cjs', 'consumer.ts']) {
    cpSync(path.join(import.meta.dirname, name), path.join(folder, name))
  }
  return {
    folder,
    packages: installed.map(([name]) => name.replace(/^.*node_modules\//, '')),
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    diskBytes: files.reduce((sum, { size }) => sum + Math.ceil(size / 4096) * 4096, 0),
    suspects: [
      ...installed.flatMap(([name, { hasInstallScript }]) =>
        hasInstallScript ? [`${name} has an install script`] : [],
      ),
      ...files.flatMap(({ name }) => (/\.(?:node|wasm)$|binding\.gyp$/.test(name) ? [`${name} is native code`] : [])),
    ],
    tarballBytes: packed.size,
  }
}

function sizeOf(file: string): number {
  const stats = lstatSync(file)
  return stats.isFile() ? stats.size : 0
}

/** Runs a program and answers what it printed. @throws Error with all of its output when it fails */
export function run(command: string, argv: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, argv, { cwd, encoding: 'utf8' })
  if (status === 0) return stdout
  throw new Error(`${command} ${argv.join(' ')} ended with ${status ?? String(error)}:\n${stdout}\n${stderr}`)
}
