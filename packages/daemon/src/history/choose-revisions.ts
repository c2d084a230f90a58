import type { HistoryLimits } from '@hatchery/core/runtime'
import type { StoredRevision } from './revision-index.ts'

/** Revisions of all files of a server together; the index is read at once. */
export const MAX_REVISIONS = 5_000

/**
 * Which revisions stay: the newest of each file, the newest of all, as far as their contents fit. A content that several
 * revisions have in common takes its room once. The order stays.
 */
export function chooseRevisions(revisions: readonly StoredRevision[], limits: HistoryLimits): StoredRevision[] {
  const perFile = new Map<string, number>()
  const contents = new Set<string>()
  let bytes = 0
  const kept: StoredRevision[] = []
  for (const revision of revisions.toReversed()) {
    if (revision.at < limits.before || kept.length >= MAX_REVISIONS) continue
    const count = perFile.get(revision.path) ?? 0
    if (count >= limits.perFile) continue
    const fresh = revision.sha256 === null || contents.has(revision.sha256) ? 0 : revision.storedBytes
    // Where one does not fit, none that is older takes its place.
    if (bytes + fresh > limits.bytes) break
    bytes += fresh
    if (revision.sha256 !== null) contents.add(revision.sha256)
    perFile.set(revision.path, count + 1)
    kept.push(revision)
  }
  return kept.toReversed()
}
