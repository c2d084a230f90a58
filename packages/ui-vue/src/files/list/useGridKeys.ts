import type { FileEntry } from '@hatchery/core/sdk'
import type { Directory, FileSelection } from './useFileSelection.ts'

/** Letters that follow each other this fast make one word. */
const TYPING_MS = 700

export interface GridKeys {
  readonly directory: Directory
  readonly selection: FileSelection
  readonly perPage: () => number
  readonly reveal: (row: number) => void
  readonly open: (entry: FileEntry) => void
  readonly rename: () => void
  readonly remove: () => void
  readonly up: () => void
  readonly menu: (row: number) => void
  /** @default performance.now */
  readonly now?: () => number
}

/** The keys of a list of files: arrows, paging, choosing, opening, renaming, deleting, and typing the begin of a name. */
export function useGridKeys(keys: GridKeys): (event: KeyboardEvent) => void {
  const { directory, selection, now = () => performance.now() } = keys
  let typed = ''
  let typedAt = Number.NEGATIVE_INFINITY

  function goTo(row: number, event: KeyboardEvent): void {
    const target = Math.max(0, Math.min(directory.total.value - 1, row))
    if (event.shiftKey) void selection.extendTo(target)
    else selection.move(target)
    keys.reveal(target)
  }

  function seek(letter: string): void {
    const isNew = now() - typedAt > TYPING_MS
    typed = (isNew ? '' : typed) + letter.toLowerCase()
    typedAt = now()
    const from = selection.current.value + (isNew ? 1 : 0)
    const found = [...directory.loaded.value]
      .filter(([, entry]) => entry.name.toLowerCase().startsWith(typed))
      .map(([row]) => row)
      .toSorted((one, other) => one - other)
    const row = found.find((one) => one >= from) ?? found[0]
    if (row === undefined) return
    selection.move(row)
    keys.reveal(row)
  }

  const steps: Readonly<Record<string, () => number>> = {
    ArrowDown: () => selection.current.value + 1,
    ArrowUp: () => selection.current.value - 1,
    PageDown: () => selection.current.value + keys.perPage(),
    PageUp: () => selection.current.value - keys.perPage(),
    Home: () => 0,
    End: () => directory.total.value - 1,
  }
  const acts: Readonly<Record<string, () => unknown>> = {
    Enter() {
      const entry = directory.entryAt(selection.current.value)
      if (entry) keys.open(entry)
    },
    ' ': () => selection.toggle(selection.current.value),
    F2: keys.rename,
    Delete: keys.remove,
    Backspace: keys.up,
    Escape: selection.clear,
    ContextMenu: () => keys.menu(selection.current.value),
  }

  return (event) => {
    if (event.target !== event.currentTarget) return
    const isCommand = event.ctrlKey || event.metaKey
    const act = isCommand || event.altKey ? undefined : acts[event.key]
    const step = isCommand || event.altKey ? undefined : steps[event.key]
    if (isCommand && event.key.toLowerCase() === 'a') void selection.all()
    else if (event.altKey && event.key === 'ArrowUp') keys.up()
    else if (event.shiftKey && event.key === 'F10') keys.menu(selection.current.value)
    else if (act) act()
    else if (step) goTo(step(), event)
    else if (event.key.length === 1 && !isCommand && !event.altKey) seek(event.key)
    else return
    event.preventDefault()
  }
}
