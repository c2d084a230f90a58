import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { AppError } from '@hatchery/core/errors'
import type { InstallResult, InstallSpec } from '@hatchery/core/runtime'

/** Root inside, nobody special outside; mounts and processes of its own, which end with it. */
const UNSHARE = ['--user', '--map-root-user', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
const TIMED_OUT = 124

/**
 * Builds a root of nothing but the system's programs (not writable), a fresh /tmp and the server's data, and goes there.
 * Home directories, the agent's own data and everything else of the machine are not in it.
 */
const SETUP = `set -e
root="$1"; data="$2"; script="$3"; shift 3
mount -t tmpfs -o mode=755,size=16m tmpfs "$root"
for path in usr bin sbin lib lib32 lib64 libx32 etc opt; do
  if [ -L "/$path" ]; then ln -s "$(readlink "/$path")" "$root/$path"
  elif [ -d "/$path" ]; then mkdir "$root/$path"; mount --rbind "/$path" "$root/$path"; mount -o remount,bind,ro "$root/$path" 2>/dev/null || true
  fi
done
mkdir -p "$root/proc" "$root/dev" "$root/tmp" "$root/run" "$root/root" "$root/mnt/server" "$root/mnt/install"
mount --rbind /proc "$root/proc"
for device in null zero random urandom; do : > "$root/dev/$device"; mount --bind "/dev/$device" "$root/dev/$device"; done
mount -t tmpfs -o mode=1777,size=512m tmpfs "$root/tmp"
mount --bind "$data" "$root/mnt/server"
cp "$script" "$root/mnt/install/install.sh"
chmod 755 "$root/mnt/install/install.sh"
exec chroot "$root" /bin/sh -c 'cd /mnt/server && exec "$@"' hatchery-install "$@" /mnt/install/install.sh
`

/** Why install scripts cannot run on this machine; null when they can. */
export function installRefusal(): string | null {
  if (process.platform !== 'linux')
    return `they need Linux namespaces, this is ${process.platform}. Use the docker runtime.`
  // As an unprivileged user, because that is how a script will run.
  const identity = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  const trial = spawnSync('unshare', [...UNSHARE, 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], {
    stdio: 'ignore',
    timeout: 5000,
    ...identity,
  })
  if (trial.status === 0) return null
  return 'this machine gives no user and mount namespace to unprivileged users. Use the docker runtime.'
}

/** Runs an install script as root of a user namespace that sees the system's programs and the server's data, and no more. */
export async function runInNamespace(
  spec: InstallSpec,
  onLine: (line: string) => void,
  signal?: AbortSignal,
): Promise<InstallResult> {
  if (signal?.aborted) throw new AppError('CANCELLED')
  const directory = await mkdtemp(join(tmpdir(), 'hatchery-install-'))
  try {
    const script = join(directory, 'install.sh')
    await writeFile(script, spec.script.script.replaceAll('\r\n', '\n'), { mode: 0o644 })
    return await run(spec, directory, script, onLine, signal)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function run(
  spec: InstallSpec,
  directory: string,
  script: string,
  onLine: (line: string) => void,
  signal?: AbortSignal,
): Promise<InstallResult> {
  const isRoot = process.getuid?.() === 0
  const { chmod, mkdir } = await import('node:fs/promises')
  await chmod(directory, 0o755)
  const root = join(directory, 'root')
  await mkdir(root, { mode: 0o755 })
  const entrypoint = spec.script.entrypoint.split(/\s+/).filter(Boolean)
  const child = spawn(
    'unshare',
    [...UNSHARE, '/bin/sh', '-c', SETUP, 'hatchery-setup', root, spec.dataDirectory, script, ...entrypoint],
    {
      cwd: '/',
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        HOME: '/root',
        ...spec.environment,
        STARTUP: spec.startup,
      },
      ...(isRoot ? { uid: spec.uid, gid: spec.gid } : {}),
    },
  )
  let isLate = false
  const kill = () => {
    if (child.pid) process.kill(-child.pid, 'SIGKILL')
  }
  const timer = setTimeout(() => {
    isLate = true
    onLine(`[hatchery] The install script was ended after ${Math.round(spec.deadlineMs / 1000)} s.`)
    kill()
  }, spec.deadlineMs)
  signal?.addEventListener('abort', kill, { once: true })
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', onLine)
  try {
    const [code] = (await once(child, 'close')) as [number | null]
    if (signal?.aborted) throw new AppError('CANCELLED')
    return { exitCode: isLate ? TIMED_OUT : (code ?? 137), oomKilled: false }
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', kill)
  }
}
