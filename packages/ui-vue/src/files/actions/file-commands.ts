import type { FileEntry } from '@hatchery/core/sdk'
import { Archive, CopyPlus, Download, FolderInput, FolderOpen, Lock, PackageOpen, Pencil, Trash2 } from '@lucide/vue'
import type { Component } from 'vue'
import { isArchive } from '../file-kind.ts'

export type FileCommand = 'open' | 'download' | 'rename' | 'move' | 'copy' | 'pack' | 'unpack' | 'mode' | 'remove'

export const COMMAND_ICONS: Readonly<Record<FileCommand, Component>> = {
  open: FolderOpen,
  download: Download,
  rename: Pencil,
  move: FolderInput,
  copy: CopyPlus,
  pack: Archive,
  unpack: PackageOpen,
  mode: Lock,
  remove: Trash2,
}

/** What can be done with the chosen entries by somebody who has these permissions, in the order of a menu. */
export function commandsFor(
  entries: readonly Pick<FileEntry, 'name' | 'type'>[],
  may: (permission: string) => boolean,
): readonly FileCommand[] {
  const [entry] = entries
  if (!entry) return []
  const isOne = entries.length === 1
  const isFile = isOne && entry.type === 'file'
  const isDirectory = isOne && entry.type === 'directory'
  const rows: readonly (readonly [FileCommand, boolean])[] = [
    ['open', isDirectory || (isFile && may('file.read-content'))],
    ['download', isFile && may('file.read-content')],
    ['rename', isOne && may('file.update')],
    ['move', may('file.update')],
    ['copy', isOne && (isFile || isDirectory) && may('file.create')],
    ['pack', may('file.archive')],
    ['unpack', isOne && isArchive(entry) && may('file.archive')],
    ['mode', may('file.update') && entries.every(({ type }) => type === 'file' || type === 'directory')],
    ['remove', may('file.delete')],
  ]
  return rows.filter(([, isThere]) => isThere).map(([command]) => command)
}
