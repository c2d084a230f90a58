import type { FileEntry } from '@hatchery/core/sdk'
import { computed } from 'vue'
import { useRouter } from 'vue-router'
import type { FileSelection } from '../list/useFileSelection.ts'
import { joinPath } from '../file-path.ts'
import { useFileRoutes } from '../useFileRoutes.ts'
import { downloadFile } from './download-file.ts'
import { commandsFor, type FileCommand } from './file-commands.ts'
import type { FileActions } from './useFileActions.ts'

/** Commands that need an answer first. */
export type AskedCommand = Extract<FileCommand, 'rename' | 'move' | 'copy' | 'pack' | 'mode' | 'checksum'>

/** Does what a menu, a bar or a key asks for with the chosen entries of a directory. */
export function useFileCommands(options: {
  readonly server: () => string
  readonly path: () => string
  readonly selection: FileSelection
  readonly actions: FileActions
  readonly may: (permission: string) => boolean
  readonly ask: (command: AskedCommand, entries: readonly FileEntry[]) => void
}) {
  const { server, path, selection, actions, may, ask } = options
  const router = useRouter()
  const to = useFileRoutes()
  const commands = computed(() => commandsFor(selection.entries.value, may))

  function open(entry: FileEntry): void {
    const route = to.entry(path(), entry)
    if (route) void router.push(route)
  }

  function run(command: FileCommand): void {
    const entries = selection.entries.value
    const [entry] = entries
    if (!entry || !commands.value.includes(command)) return
    const at = joinPath(path(), entry.name)
    if (command === 'open') open(entry)
    else if (command === 'browse' || command === 'usage') void router.push(to.view(command, at))
    else if (command === 'download') download(entries)
    else if (command === 'unpack') actions.unpack.mutate({ path: at, to: path() })
    else if (command === 'remove') {
      actions.remove.mutate(entries.map(({ name }) => joinPath(path(), name)))
      selection.clear()
    } else ask(command, entries)
  }

  function download(entries: readonly FileEntry[]): void {
    const [entry] = entries
    if (entries.length === 1 && entry?.type === 'file') void downloadFile(server(), joinPath(path(), entry.name))
    else actions.download.mutate({ directory: path(), names: entries.map(({ name }) => name) })
  }

  return {
    commands,
    open,
    run,
    /** Keys act on the row they are at when nothing is chosen. */
    runHere(command: FileCommand): void {
      if (selection.chosen.value.size === 0) selection.only(selection.current.value)
      run(command)
    },
  }
}
