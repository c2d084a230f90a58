import { randomUUID } from 'node:crypto'
import type { HistoryLimits, RevisionAuthor } from '@hatchery/core/runtime'
import type { OpenServer } from '../server-files/index.ts'
import { MAX_CONTENT_BYTES } from './content-store.ts'

/** A revision is kept this long, if the space is not needed before. */
export const HISTORY_LIFETIME_MS = 30 * 24 * 60 * 60_000
const PER_FILE = 50
const MIB = 1024 * 1024
const [LEAST_BYTES, MOST_BYTES] = [8 * MIB, 64 * MIB]

export type HistoryFiles = Pick<OpenServer, 'tree' | 'quota' | 'now'>
/** Told why something was not kept: no save fails because of its history. */
export type OnHistoryFault = (error: unknown) => void

const OUTSIDE: RevisionAuthor = { user: null, name: null, via: 'outside' }

/** How much history a server has: a hundredth of what it may use, 8 to 64 MiB, 64 MiB where that is without limit. */
export function limitsFor(now: number, limitBytes: number | null): HistoryLimits {
  const share = limitBytes === null ? MOST_BYTES : Math.floor(limitBytes / 100)
  const bytes = Math.min(MOST_BYTES, Math.max(LEAST_BYTES, share))
  return { before: now - HISTORY_LIFETIME_MS, perFile: PER_FILE, bytes }
}

/** Keeps what a file is before it is saved, if nobody knows that yet: the game may have written it. Never rejects. */
export async function keepBefore(files: HistoryFiles, path: string, onFault: OnHistoryFault): Promise<void> {
  await keep(files, path, OUTSIDE, onFault)
}

/** Keeps what somebody has just saved. Never rejects. */
export async function keepSaved(
  files: HistoryFiles,
  path: string,
  author: RevisionAuthor,
  onFault: OnHistoryFault,
): Promise<void> {
  const isKept = await keep(files, path, author, onFault)
  if (!isKept) return
  try {
    const room = await files.quota.report()
    await files.tree.history.prune(limitsFor(files.now(), room && room.limitBytes))
  } catch (error) {
    onFault(error)
  }
}

async function keep(files: HistoryFiles, path: string, author: RevisionAuthor, onFault: OnHistoryFault) {
  const { tree, quota, now } = files
  try {
    // Nothing there has no history, and it needs none.
    const entry = await tree.stat(path, { followLinks: true })
    if (entry?.type !== 'file') return false
    const room = await quota.report()
    const left = room ? Math.max(0, room.limitBytes - room.usedBytes) : MAX_CONTENT_BYTES
    const maxContentBytes = Math.min(MAX_CONTENT_BYTES, left)
    return (await tree.history.keep(path, { id: randomUUID(), at: now(), author, maxContentBytes })) !== null
  } catch (error) {
    onFault(error)
    return false
  }
}

/** Space that is needed is worth more than what files once were. @returns whether something was freed */
export async function giveUpHistory({ tree, now }: Pick<HistoryFiles, 'tree' | 'now'>): Promise<boolean> {
  const limits = limitsFor(now(), null)
  // The older half of it, and where that is nothing, more.
  for (let bytes = MOST_BYTES / 2; bytes >= 1024; bytes /= 2) {
    if ((await tree.history.prune({ ...limits, bytes })) > 0) return true
  }
  return (await tree.history.prune({ ...limits, bytes: 0 })) > 0
}
