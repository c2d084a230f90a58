import type { FileEntry } from '@hatchery/core/sdk'
import { computed, shallowRef } from 'vue'
import type { useDirectory } from './useDirectory.ts'

export type Directory = ReturnType<typeof useDirectory>
export type FileSelection = ReturnType<typeof useFileSelection>

/** The row that keys act on, and the entries that are chosen. Entries are known by name, so a new order keeps them. */
export function useFileSelection(directory: Directory) {
  const current = shallowRef(0)
  const chosen = shallowRef<ReadonlyMap<string, FileEntry>>(new Map())
  let anchor = 0

  const keep = (entries: readonly FileEntry[]): void => {
    chosen.value = new Map(entries.map((entry) => [entry.name, entry]))
  }

  function only(row: number): void {
    const entry = directory.entryAt(row)
    current.value = row
    anchor = row
    keep(entry ? [entry] : [])
  }

  function toggle(row: number): void {
    const entry = directory.entryAt(row)
    current.value = row
    anchor = row
    if (!entry) return
    const next = new Map(chosen.value)
    if (!next.delete(entry.name)) next.set(entry.name, entry)
    chosen.value = next
  }

  /** From where the choice began to a row, also across rows that were never in sight. */
  async function extendTo(row: number): Promise<void> {
    current.value = row
    const [from, to] = [Math.min(anchor, row), Math.max(anchor, row)]
    const known = Array.from({ length: to - from + 1 }, (_, index) => directory.entryAt(from + index))
    const entries = known.every((entry) => entry !== undefined)
      ? known
      : (await directory.readAll()).slice(from, to + 1)
    keep(entries)
  }

  return {
    current,
    chosen,
    entries: computed(() => [...chosen.value.values()]),
    has: (entry: FileEntry | undefined): boolean => entry !== undefined && chosen.value.has(entry.name),
    only,
    toggle,
    extendTo,
    all: async (): Promise<void> => keep(await directory.readAll()),
    clear: (): void => void (chosen.value = new Map()),
    move(row: number): void {
      current.value = row
      anchor = row
    },
    reset(): void {
      chosen.value = new Map()
      current.value = 0
      anchor = 0
    },
  }
}
