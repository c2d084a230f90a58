import type { ArchiveEntry } from '../archive-entry.ts'
import type { DecoderMessage } from './messages.ts'
import { listWithSevenZip, runSevenZip, type SevenZipTask } from './run-seven-zip.ts'

type Task = Omit<SevenZipTask, 'action'>
type Message = Exclude<DecoderMessage, { type: 'end' }>

const NOTHING = { sizeBytes: null, packedBytes: null, position: null, isEncrypted: false, linkTarget: '' } as const

/**
 * The entries of an archive that 7-Zip reads. Mode and time come behind the body: they stand in an entry when its body has ended.
 * Links that lead out are left out.
 */
export async function* extractWithSevenZip(task: Task): AsyncGenerator<ArchiveEntry, void, undefined> {
  const messages = runSevenZip({ ...task, action: 'extract' })
  let next = await messages.next()
  /** The piece that was passed on last: who stops there does not get it again. */
  let given: Message | undefined
  try {
    while (!next.done) {
      const message = next.value
      next = await messages.next()
      // Nothing else stands at the beginning, and everything of an entry is taken before the next one.
      if (message.type !== 'directory' && message.type !== 'file' && message.type !== 'link') continue
      const entry = entryOf(message, () => restOf(entry))
      for (; !next.done && next.value.type === 'facts'; next = await messages.next()) apply(entry, next.value)
      if (!next.done && next.value.type === 'removed') continue
      yield entry
      for await (const _piece of restOf(entry)) continue
    }
  } finally {
    await messages.return()
  }

  async function* restOf(entry: ArchiveEntry): AsyncGenerator<Uint8Array, void, undefined> {
    for (; !next.done; next = await messages.next()) {
      const message = next.value
      if (message.type === 'piece') {
        if (message === given) continue
        given = message
        yield message.bytes
      } else if (message.type === 'facts') apply(entry, message)
      else return
    }
  }
}

function apply(entry: ArchiveEntry, { mode, modifiedAt }: Extract<Message, { type: 'facts' }>): void {
  if (mode !== undefined) entry.mode = mode
  if (modifiedAt !== undefined) entry.modifiedAt = modifiedAt
}

function entryOf(
  message: Extract<Message, { type: 'directory' | 'file' | 'link' }>,
  restOf: () => AsyncGenerator<Uint8Array, void, undefined>,
): ArchiveEntry {
  const { path } = message
  const body = { [Symbol.asyncIterator]: restOf }
  if (message.type === 'directory') {
    return { ...NOTHING, path, type: 'directory', mode: 0o755, modifiedAt: null, body }
  }
  if (message.type === 'link') {
    return { ...NOTHING, path, type: 'symlink', mode: 0o777, modifiedAt: null, linkTarget: message.target, body }
  }
  return { ...NOTHING, path, type: 'file', mode: 0o644, modifiedAt: null, body }
}

/** What lies in an archive that 7-Zip reads, without a body. */
export async function* listEntriesWithSevenZip(task: Task): AsyncGenerator<ArchiveEntry, void, undefined> {
  for await (const member of listWithSevenZip(task)) {
    const isDirectory = member.type === 'directory'
    yield {
      ...NOTHING,
      ...member,
      mode: member.mode ?? (isDirectory ? 0o755 : 0o644),
      body: { [Symbol.asyncIterator]: none },
    }
  }
}

async function* none(): AsyncGenerator<Uint8Array, void, undefined> {
  // A listing has no content.
}
