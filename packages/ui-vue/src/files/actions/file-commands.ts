import type { FileEntry } from '@hatchery/core/sdk'
import {
  Archive,
  ChartPie,
  CopyPlus,
  Download,
  FolderInput,
  FolderOpen,
  FolderSearch,
  Hash,
  Lock,
  PackageOpen,
  Pencil,
  Trash2,
} from '@lucide/vue'
import type { Component } from 'vue'
import { isArchive, isBrowsable } from '../file-kind.ts'

export type FileCommand =
  | 'open'
  | 'browse'
  | 'download'
  | 'rename'
  | 'move'
  | 'copy'
  | 'pack'
  | 'unpack'
  | 'usage'
  | 'checksum'
  | 'mode'
  | 'remove'

export const COMMAND_ICONS: Readonly<Record<FileCommand, Component>> = {
  open: FolderOpen,
  browse: FolderSearch,
  download: Download,
  rename: Pencil,
  move: FolderInput,
  copy: CopyPlus,
  pack: Archive,
  unpack: PackageOpen,
  usage: ChartPie,
  checksum: Hash,
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
    ['browse', isOne && isBrowsable(entry) && may('file.read-content')],
    // Several entries and directories come as an archive that is packed while it is sent.
    ['download', may('file.read-content') && entries.every(({ type }) => type === 'file' || type === 'directory')],
    ['rename', may('file.update')],
    ['move', may('file.update')],
    ['copy', isOne && (isFile || isDirectory) && may('file.create')],
    ['pack', may('file.archive')],
    ['unpack', isOne && isArchive(entry) && may('file.archive')],
    ['usage', isDirectory],
    ['checksum', isFile && may('file.read-content')],
    ['mode', may('file.update') && entries.every(({ type }) => type === 'file' || type === 'directory')],
    ['remove', may('file.delete')],
  ]
  return rows.filter(([, isThere]) => isThere).map(([command]) => command)
}
