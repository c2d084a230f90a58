import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Does a Docker engine answer here? Prints what is skipped where none does; under `HATCHERY_CI` that is a failure. */
export function hasEngine(group: string): boolean {
  const answer = spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], {
    encoding: 'utf8',
    timeout: 5000,
  })
  if (answer.status === 0) return true
  const reason = 'no Docker engine answers'
  if (process.env['HATCHERY_CI']) throw new Error(`${group}: ${reason}`)
  process.stdout.write(`skipped: ${group} (${reason})\n`)
  return false
}

export interface ImageOptions {
  /** Extra files, by path. */
  readonly files?: Readonly<Record<string, string>>
  /** Lines as in a Dockerfile: `CMD`, `ENTRYPOINT`, `VOLUME`, `ENV`, `STOPSIGNAL`. */
  readonly changes?: readonly string[]
}

/** Imports an image of nothing but busybox under `name`. */
export function importBusybox(name: string, options: ImageOptions = {}): void {
  const root = mkdtempSync(join(tmpdir(), 'runtimes-image-'))
  try {
    for (const directory of ['bin', 'etc', 'tmp', 'home/container'])
      mkdirSync(join(root, directory), { recursive: true })
    cpSync('/bin/busybox', join(root, 'bin/busybox'))
    const applets = run('/bin/busybox', ['--list']).split('\n')
    for (const applet of applets.filter((line) => line !== '' && line !== 'busybox'))
      symlinkSync('busybox', join(root, 'bin', applet))
    for (const [path, content] of Object.entries(options.files ?? {})) {
      writeFileSync(join(root, path), content)
      chmodSync(join(root, path), 0o755)
    }
    const archive = spawnSync('tar', ['-C', root, '-c', '.'], { maxBuffer: 1 << 28 })
    const changes = (options.changes ?? []).flatMap((change) => ['--change', change])
    // The image of an earlier run would stay behind without a name.
    spawnSync('docker', ['rmi', name])
    run('docker', ['import', ...changes, '-', name], archive.stdout)
  } finally {
    rmSync(root, { recursive: true })
  }
}

export function run(command: string, args: readonly string[], input?: Buffer): string {
  const done = spawnSync(command, args, { encoding: 'utf8', ...(input ? { input } : {}), maxBuffer: 1 << 26 })
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.stderr}`)
  return done.stdout
}
