import { randomUUID } from 'node:crypto'
import { chmod, lstat, mkdir, mkdtemp, readFile, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createLocalFileTree } from '../index.ts'

export const LIMITS = { replace: false, maxBytes: 400 * 1024 * 1024 }

/** A tree in a directory of its own, with what it takes to unpack into it. For tests. */
export async function createArchiveStage() {
  const directory = await mkdtemp(join(tmpdir(), 'archives-'))
  const root = join(directory, 'data')
  await mkdir(root)
  const owner = { uid: process.getuid!(), gid: process.getgid!() }
  const tree = createLocalFileTree({ server: randomUUID(), root, privateRoot: join(directory, 'private'), ...owner })
  return {
    directory,
    root,
    tree,
    unpack: (path: string, options: Partial<Parameters<typeof tree.unpack>[1]> = {}) =>
      tree.unpack(path, { ...LIMITS, to: 'out', ...options }),
    /** What is beside the tree: nothing may stay there. */
    async leftovers() {
      const areas = await readdir(join(directory, 'private')).catch(() => [])
      const found = await Promise.all(areas.map((area) => readdir(join(directory, 'private', area))))
      return found.flat()
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}

/** Path, type, mode, content or target of everything below a directory. */
export async function picture(directory: string, path = ''): Promise<unknown[]> {
  const found: unknown[] = []
  for (const name of (await readdir(join(directory, path))).toSorted()) {
    const inner = join(path, name)
    const info = await lstat(join(directory, inner))
    const mode = info.mode & 0o7777
    if (info.isDirectory()) found.push([inner, 'directory'], ...(await picture(directory, inner)))
    else if (info.isSymbolicLink()) found.push([inner, 'link', await readlink(join(directory, inner))])
    else found.push([inner, mode, (await readFile(join(directory, inner))).toString('base64').slice(0, 200), info.size])
  }
  return found
}

/** A directory `world` with everything that is awkward in archives. */
export async function fillTree(root: string) {
  const long = `${'long name '.repeat(12)}/${'deep/'.repeat(20)}file ü 漢.txt`
  for (const [path, content] of [
    ['world/plain.txt', 'plain'],
    ['world/empty', ''],
    [`world/${long}`, 'long'],
    ['world/big.bin', 'x'.repeat(3_000_000)],
  ] as const) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), content)
  }
  await mkdir(join(root, 'world/nothing in it'))
  await chmod(join(root, 'world/plain.txt'), 0o754)
  await symlink('plain.txt', join(root, 'world/link'))
}
