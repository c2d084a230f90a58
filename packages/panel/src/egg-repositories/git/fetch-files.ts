import { AppError } from '@hatchery/core/errors'
import type { OutboundClient } from '../../outbound/outbound-client.ts'
import { GitRemote, MAX_BLOB_BYTES, type GitHead, type GitPlace } from './git-remote.ts'
import { PackError, PackTooLargeError } from './pack-error.ts'
import { readPack } from './read-pack.ts'
import { listFiles, readCommit, type GitCommit, type GitFile } from './read-tree.ts'

const LIMITS = { objectBytes: MAX_BLOB_BYTES, objects: 200_000, totalBytes: 192 * 1_048_576 }

export interface WantedFiles {
  readonly branch: string | null
  /** Empty is the whole repository. */
  readonly folder: string
  isWanted(path: string): boolean
}

export interface FetchedFiles {
  readonly commit: GitCommit & { readonly id: string }
  /** Null where the branch still stands at `known`. */
  readonly files: readonly GitFile[] | null
}

/**
 * Reads files of a branch as it stands now, without its history.
 *
 * @param known commit that the caller has read already; where the branch still stands there, nothing is fetched
 * @param onPhase told before each part of the work
 * @throws AppError what the remote and the outbound client throw, `GIT_PROTOCOL_FAILED`, `GIT_REPOSITORY_TOO_LARGE`
 */
export async function fetchFiles(
  outbound: OutboundClient,
  place: GitPlace,
  wanted: WantedFiles,
  known: (GitCommit & { readonly id: string }) | null,
  onPhase: (phase: 'connecting' | 'fetching' | 'unpacking') => Promise<void>,
  signal: AbortSignal,
): Promise<FetchedFiles> {
  const remote = new GitRemote(outbound, place)
  await onPhase('connecting')
  const head = await remote.findBranch(wanted.branch, signal)
  if (known?.id === head.commit) return { commit: known, files: null }
  await onPhase('fetching')
  const pack = await remote.fetchPack(head, signal)
  await onPhase('unpacking')
  return readFiles(pack, head, wanted, signal)
}

async function readFiles(
  pack: Buffer,
  head: GitHead,
  { folder, isWanted }: WantedFiles,
  signal: AbortSignal,
): Promise<FetchedFiles> {
  try {
    const objects = await readPack(pack, LIMITS, signal)
    const commit = readCommit(objects, head.commit)
    const files = listFiles(objects, commit.tree, folder, isWanted)
    return { commit: { ...commit, id: head.commit }, files }
  } catch (error) {
    const reason = error instanceof Error ? error.message : ''
    if (error instanceof PackTooLargeError) throw new AppError('GIT_REPOSITORY_TOO_LARGE', { reason }, { cause: error })
    if (!(error instanceof PackError)) throw error
    throw new AppError('GIT_PROTOCOL_FAILED', { host: new URL(head.url).host, reason }, { cause: error })
  }
}
