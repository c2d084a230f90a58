import { createHash } from 'node:crypto'
import {
  chmod,
  copyFile,
  link,
  mkdir,
  open,
  readFile,
  readdir,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { createLocalFileTree } from '../../packages/daemon/src/files/index.ts'

/** Everything that can be done with a server's files, as the attack calls it. */
export interface Subject {
  read(file: string): Promise<Uint8Array>
  write(file: string, content: Uint8Array): Promise<unknown>
  /** Changes the first byte of what is there. */
  patch(file: string): Promise<void>
  names(directory: string): Promise<readonly string[]>
  sizes(directory: string): Promise<readonly string[]>
  makeDirectory(directory: string): Promise<void>
  move(from: string, to: string): Promise<void>
  replace(from: string, to: string): Promise<void>
  copy(from: string, to: string): Promise<void>
  remove(file: string): Promise<void>
  chmod(file: string, mode: number): Promise<void>
  chmodAll(directory: string, mode: number): Promise<void>
  setTimes(file: string, at: number): Promise<void>
  makeLink(file: string): Promise<void>
  hardLink(existing: string, file: string): Promise<void>
  checksum(file: string): Promise<string>
}

/** The agent's own tree. */
export function componentByComponent(data: string): Subject {
  const owner = { uid: process.getuid!(), gid: process.getgid!() }
  const tree = createLocalFileTree({ server: 'prove', root: data, privateRoot: `${data}.private`, ...owner })
  return {
    read: tree.read,
    write: tree.write,
    async patch(file) {
      await using opened = await tree.open(file, { canWrite: true })
      await opened.write(0, Buffer.from('I'))
    },
    names: async (directory) => (await tree.list(directory)).entries.map(({ name }) => name),
    sizes: async (directory) => (await tree.diskUse(directory)).children.map(({ name }) => name),
    makeDirectory: tree.makeDirectory,
    move: tree.move,
    replace: (from, to) => tree.move(from, to, { replace: true }),
    copy: tree.copy,
    remove: tree.remove,
    chmod: (file, mode) => tree.chmod(file, { mode }),
    chmodAll: (directory, mode) => tree.chmod(directory, { mode, directoryMode: 0o755, isRecursive: true }),
    setTimes: (file, at) => tree.setTimes(file, { accessedAt: at, modifiedAt: at }),
    makeLink: (file) => tree.makeLink(file, 'anything'),
    hardLink: tree.hardLink,
    checksum: (file) => tree.checksum(file, 'sha256'),
  }
}

/** What agents of the field did: resolve the path, see that it is inside, then use it. */
export function checkThenOpen(data: string): Subject {
  const checked = async (file: string) => {
    const target = path.join(data, file)
    const directory = await realpath(path.dirname(target))
    if (!`${directory}/`.startsWith(`${await realpath(data)}/`)) throw new Error('outside')
    return target
  }
  const both = async (from: string, to: string) => [await checked(from), await checked(to)] as const
  return {
    read: async (file) => readFile(await checked(file)),
    write: async (file, content) => writeFile(await checked(file), content),
    async patch(file) {
      await using opened = await open(await checked(file), 'r+')
      await opened.write('I', 0)
    },
    names: async (directory) => readdir(await checked(`${directory}/.`)),
    sizes: async (directory) => readdir(await checked(`${directory}/.`)),
    makeDirectory: async (directory) => mkdir(await checked(directory)),
    move: async (from, to) => rename(...(await both(from, to))),
    replace: async (from, to) => rename(...(await both(from, to))),
    copy: async (from, to) => copyFile(...(await both(from, to))),
    remove: async (file) => rm(await checked(file), { recursive: true, force: true }),
    chmod: async (file, mode) => chmod(await checked(file), mode),
    async chmodAll(directory, mode) {
      const target = await checked(`${directory}/.`)
      for (const name of await readdir(target)) await chmod(path.join(target, name), mode)
    },
    setTimes: async (file, at) => utimes(await checked(file), at / 1000, at / 1000),
    makeLink: async (file) => symlink('anything', await checked(file)),
    hardLink: async (existing, file) => link(...(await both(existing, file))),
    checksum: async (file) => {
      const target = await checked(file)
      await stat(target)
      return createHash('sha256')
        .update(await readFile(target))
        .digest('hex')
    },
  }
}
