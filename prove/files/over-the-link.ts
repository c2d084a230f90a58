import { randomUUID } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import type { AgentParams } from '@hatchery/core/protocol'
import type { FakePanel } from '../../packages/daemon/src/testing/fake-panel.ts'
import { newOperation } from '../../packages/daemon/src/testing/server-spec.ts'
import type { Subject } from './subject.ts'

/** Events of a panel that are kept. */
const MAX_EVENTS = 2000

type Job = 'files.copy' | 'files.pack' | 'files.unpack'
type Without<M extends Job> = Omit<AgentParams<M>, keyof ReturnType<typeof newOperation> | 'server'>

/** Attempts at what no message of the protocol does, or another suite does: files that stay open, times, second names, streams. */
export const NOT_OVER_THE_LINK: readonly string[] = [
  'read open',
  'write in pieces',
  'write in place',
  'truncate',
  'make directories',
  'set times',
  'hard link',
  'hard link in',
  'pack to a stream',
  'unpack a stream',
  'history',
]

/** A server's files as the panel reaches them: messages on the control socket, bytes on data sockets. */
export function overTheLink(panel: FakePanel, server: string): Subject {
  const unsupported = () => Promise.reject(new Error('no message does this'))
  /** Answers what a call sends over a data socket. */
  const receiving = async (call: (ticket: string) => Promise<unknown>) => {
    const ticket = panel.ticket()
    try {
      await call(ticket.id)
      return await buffer((await ticket.opened).receive())
    } catch (error) {
      ticket.cancel()
      throw error
    }
  }
  const read = (path: string) =>
    receiving((ticket) => panel.call('files.read', { server, path, offset: 0, length: null, ifRevision: null, ticket }))
  /** Answers a call that takes bytes over a data socket. */
  async function sending<T>(content: Uint8Array, call: (ticket: string) => Promise<T>): Promise<T> {
    const ticket = panel.ticket()
    const answer = call(ticket.id)
    const sent = ticket.opened.then((stream) =>
      stream.send(async function* (offset) {
        yield content.subarray(offset)
      }),
    )
    // A refusal of the call is what counts; the stream ends with it.
    sent.catch(() => ticket.cancel())
    answer.catch(() => ticket.cancel())
    return answer
  }
  async function job<M extends Job>(method: M, params: Without<M>): Promise<void> {
    const operation = newOperation()
    await panel.call(method, { server, ...params, ...operation } as unknown as AgentParams<M>)
    const end = await panel.untilFinished(operation.operation)
    if (panel.events.length > MAX_EVENTS) panel.events.splice(0, MAX_EVENTS / 2)
    if (end?.status !== 'succeeded') throw new Error(end?.error?.code ?? 'failed')
  }
  const write = (path: string, content: Uint8Array) =>
    sending(content, (ticket) =>
      panel.call('files.write', { server, path, ticket, ifRevision: null, mode: 'create-or-replace' }),
    )
  const move = (from: string, to: string, replace: boolean) =>
    panel.call('files.move', { server, moves: [{ from, to }], replace })
  const create = (path: string, type: 'file' | 'directory' | 'symlink') =>
    panel.call('files.create', { server, path, type, target: type === 'symlink' ? 'anything' : null })
  const listed = async (path: string) =>
    (await panel.call('files.list', { server, path, sort: 'name', offset: 0, limit: 100 })).entries
  return {
    read,
    readOpen: unsupported,
    write,
    writePieces: unsupported,
    patch: unsupported,
    create: (file) => create(file, 'file'),
    truncate: unsupported,
    facts: async (path) => (await panel.call('files.stat', { server, path })).entry,
    names: async (path) => (await listed(path)).map(({ name }) => name),
    sizes: async (path) => (await panel.call('files.diskUse', { server, path })).children.map(({ name }) => name),
    search: async (path, text) =>
      (await panel.call('files.search', { server, path, text, limit: 10 })).matches.map((match) => match.path),
    makeDirectory: (path) => create(path, 'directory'),
    makeDirectories: unsupported,
    move: (from, to) => move(from, to, false),
    replace: (from, to) => move(from, to, true),
    copy: (from, to) => job('files.copy', { from, to }),
    remove: (path) => panel.call('files.delete', { server, paths: [path], isPermanent: true }),
    chmod: (path, mode) => panel.call('files.chmod', { server, changes: [{ path, mode }] }),
    chmodAll: (path, mode) =>
      panel.call('files.chmod', { server, changes: [{ path, mode, directoryMode: 0o750, isRecursive: true }] }),
    setTimes: unsupported,
    makeLink: (path) => create(path, 'symlink'),
    hardLink: unsupported,
    checksum: async (path) => (await panel.call('files.checksum', { server, path, algorithm: 'sha256' })).checksum,
    pack: (directory, names, to) => job('files.pack', { directory, names: [...names], to, format: 'tar' }),
    packStream: unsupported,
    unpackStream: unsupported,
    keptContent: unsupported,
    async archiveNames(path) {
      const page = { server, path, directory: '', offset: 0, limit: 100 }
      return (await panel.call('files.archiveList', page)).members.map(({ name }) => name)
    },
    archiveRead: (path, member) =>
      receiving((ticket) => {
        const whole = { server, path, member, offset: 0, length: null, ifRevision: null }
        return panel.call('files.archiveRead', { ...whole, ticket })
      }),
    unpack: (path, to) => job('files.unpack', { path, to, replace: true }),
    async trash(path) {
      await panel.call('files.delete', { server, paths: [path], isPermanent: false })
      const { items } = await panel.call('trash.list', { server })
      const newest = items.find((item) => item.path === path)
      if (!newest) throw new Error('gone from the trash')
      return newest.id
    },
    restore: (id, path) => panel.call('trash.restore', { server, items: [{ id, path }] }),
    forget: (id) => panel.call('trash.delete', { server, items: [id] }),
    async upload(path, content) {
      const upload = randomUUID()
      const mine = { server, upload, owner: 'me' }
      try {
        const begin = { ...mine, path, sizeBytes: content.length, mode: 'create-or-replace' } as const
        await panel.call('uploads.begin', begin)
        await sending(content, (ticket) => panel.call('uploads.append', { ...mine, offset: 0, ticket }))
        await panel.call('uploads.finish', mine)
      } finally {
        await panel.call('uploads.cancel', mine).catch(() => undefined) // nothing is left where it was refused
      }
    },
  }
}
