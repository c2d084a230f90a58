import type { Transferable } from 'node:worker_threads'
import type { DecoderMessage } from './messages.ts'

/** Numbers of errors as WASI has them: `ENOENT`, `EPERM`. */
const ERRORS = { missing: 44, refused: 63 } as const
const DIRECTORY = 0o040000
const LINK = 0o120000
const TYPE = 0o170000

interface Node {
  id: number
  mode: number
  node_ops: object
  stream_ops: StreamOps
  size?: number
  link?: string
}

interface Stream {
  readonly node: Node
  readonly position: number
}

interface StreamOps {
  llseek(stream: Stream, offset: number, whence: number): number
  read?(stream: Stream, buffer: Uint8Array, offset: number, length: number, position: number): number
  write?(stream: Stream, buffer: Uint8Array, offset: number, length: number, position: number): number
  open?(): void
  close?(): void
}

/** What is used of the file system that the program brings along. */
export interface EmscriptenFs {
  readonly ErrnoError: new (code: number) => Error
  mkdir(path: string): unknown
  createFile(parent: string, name: string, properties: object, canRead: boolean, canWrite: boolean): Node
  createNode(parent: Node | null, name: string, mode: number, device: number): Node
  getPath(node: Node): string
  mount(type: object, options: object, path: string): unknown
}

/**
 * A directory that keeps nothing: whatever the program makes in it is told, in its order. Names are never there, so that the
 * program replaces nothing and never asks.
 */
export function mountSink(
  fs: EmscriptenFs,
  path: string,
  send: (message: DecoderMessage, transfer?: readonly Transferable[]) => void,
): void {
  const pathOf = (node: Node) => fs.getPath(node).slice(path.length + 1)
  const refuse = () => {
    throw new fs.ErrnoError(ERRORS.refused)
  }
  const streamOps: StreamOps = {
    open: () => undefined,
    close: () => undefined,
    read: () => 0,
    llseek: (stream, offset, whence) =>
      offset + (whence === 1 ? stream.position : whence === 2 ? (stream.node.size ?? 0) : 0),
    write: ({ node }, buffer, offset, length, position) => {
      // Only what comes in order can be passed on.
      if (position !== (node.size ?? 0)) refuse()
      const bytes = buffer.slice(offset, offset + length)
      send({ type: 'piece', bytes }, [bytes.buffer])
      node.size = position + length
      return length
    },
  }
  const make = (parent: Node | null, name: string, mode: number): Node => {
    const node = fs.createNode(parent, name, mode, 0)
    node.mode = mode
    node.node_ops = nodeOps
    node.stream_ops = streamOps
    return node
  }
  const nodeOps = {
    getattr: ({ id, mode, size = 0 }: Node) => {
      const at = new Date(0)
      const owner = { dev: 1, ino: id, nlink: 1, uid: 0, gid: 0, rdev: 0 }
      return { ...owner, mode, size, atime: at, mtime: at, ctime: at, blksize: 4096, blocks: 0 }
    },
    setattr: (node: Node, change: { readonly mode?: number; readonly mtime?: number | null }) => {
      if (typeof change.mode === 'number') node.mode = change.mode
      const facts = {
        ...(typeof change.mode === 'number' && { mode: change.mode & 0o777 }),
        ...(typeof change.mtime === 'number' && { modifiedAt: change.mtime }),
      }
      if (Object.keys(facts).length > 0) send({ type: 'facts', ...facts })
    },
    lookup: () => {
      throw new fs.ErrnoError(ERRORS.missing)
    },
    mknod: (parent: Node, name: string, mode: number) => {
      const node = make(parent, name, mode)
      const isDirectory = (mode & TYPE) === DIRECTORY
      send({ type: isDirectory ? 'directory' : 'file', path: pathOf(node) })
      return node
    },
    symlink: (parent: Node, name: string, target: string) => {
      const node = make(parent, name, LINK | 0o777)
      node.link = target
      send({ type: 'link', path: pathOf(node), target })
      return node
    },
    readlink: ({ link = '' }: Node) => link,
    readdir: () => ['.', '..'],
    // A link is made where an empty file was before.
    unlink: () => send({ type: 'removed' }),
    rmdir: () => undefined,
    rename: refuse,
  }
  fs.mkdir(path)
  fs.mount({ mount: () => make(null, '/', DIRECTORY | 0o777) }, {}, path)
}
