import { createHash, randomUUID } from 'node:crypto'
import {
  chmod,
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
import type { Place } from './attempts.ts'
import { ONLY_OUTSIDE } from './outside.ts'
import type { Subject } from './subject.ts'

/** Not `copyFile`: libuv's never ends when its source becomes shorter meanwhile. */
async function copyContent(source: string, goal: string): Promise<void> {
  await writeFile(goal, await readFile(source))
}

/** The negative control, and what agents of the field did: resolve the path, see that it is inside, then use it. */
export function checkThenOpen({ data, private: own }: Place): Subject {
  const checked = async (file: string) => {
    const target = path.join(data, file)
    const directory = await realpath(path.dirname(target))
    if (!`${directory}/`.startsWith(`${await realpath(data)}/`)) throw new Error('outside')
    return target
  }
  const directory = (name: string) => checked(`${name}/.`)
  const both = async (from: string, to: string) => [await checked(from), await checked(to)] as const
  const write = async (file: string, content: Uint8Array) => writeFile(await checked(file), content)
  const read = async (file: string) => readFile(await checked(file))
  return {
    read,
    readOpen: read,
    write,
    writePieces: write,
    async patch(file) {
      await using opened = await open(await checked(file), 'r+')
      await opened.write('I', 0)
    },
    create: async (file) => writeFile(await checked(file), 'I', { flag: 'wx' }),
    truncate: (file) => write(file, Buffer.from('inside')),
    async facts(file) {
      const { size, mtimeMs } = await stat(await checked(file))
      return { type: 'file', sizeBytes: size, modifiedAt: mtimeMs }
    },
    names: async (name) => readdir(await directory(name)),
    sizes: async (name) => readdir(await directory(name)),
    async search(name, text) {
      const target = await directory(name)
      const found: string[] = []
      for (const file of await readdir(target)) {
        const content = await readFile(path.join(target, file), 'utf8').catch(() => '')
        if (content.includes(text)) found.push(file)
      }
      return found
    },
    makeDirectory: async (name) => mkdir(await checked(name)),
    async makeDirectories(name) {
      await mkdir(path.join(await directory(path.dirname(path.dirname(name))), name.split('/').slice(1).join('/')), {
        recursive: true,
      })
    },
    move: async (from, to) => rename(...(await both(from, to))),
    replace: async (from, to) => rename(...(await both(from, to))),
    async copy(from, to) {
      const [source, goal] = await both(from, to)
      if (!(await stat(source)).isDirectory()) return copyContent(source, goal)
      await mkdir(goal)
      for (const file of ['file', 'victim']) await copyContent(path.join(source, file), path.join(goal, file))
    },
    remove: async (file) => rm(await checked(file), { recursive: true, force: true }),
    chmod: async (file, mode) => chmod(await checked(file), mode),
    async chmodAll(name, mode) {
      const target = await directory(name)
      for (const file of await readdir(target)) await chmod(path.join(target, file), mode)
    },
    setTimes: async (file, at) => utimes(await checked(file), at / 1000, at / 1000),
    makeLink: async (file) => symlink('anything', await checked(file)),
    hardLink: async (existing, file) => link(...(await both(existing, file))),
    async checksum(file) {
      const content = await read(file)
      return createHash('sha256').update(content).digest('hex')
    },
    async pack(name, [file], to) {
      const [source, goal] = await both(`${name}/${file}`, to)
      await copyContent(source, goal)
    },
    packStream: async (name, [file]) => read(`${name}/${file}`),
    async archiveNames(archive) {
      const content = await read(archive)
      return [ONLY_OUTSIDE].filter((name) => content.includes(name))
    },
    archiveRead: read,
    keptContent: read,
    unpackStream: async (to) => writeFile(path.join(await directory(to), 'planted'), 'inside'),
    unpack: async (_archive, to) => writeFile(path.join(await directory(to), 'planted'), 'unpacked'),
    async trash(file) {
      const id = randomUUID()
      const source = await checked(file)
      await mkdir(path.join(own, 'trash'), { recursive: true })
      await rename(source, path.join(own, 'trash', id))
      return id
    },
    restore: async (id, to) => rename(path.join(own, 'trash', id), await checked(to)),
    forget: async (id) => rm(path.join(own, 'trash', id), { recursive: true, force: true }),
    upload: write,
  }
}
