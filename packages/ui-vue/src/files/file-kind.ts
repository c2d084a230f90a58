import type { FileEntry } from '@hatchery/core/sdk'
import {
  Archive,
  Braces,
  File,
  FileCode,
  FileCog,
  FileImage,
  FileQuestionMark,
  FileText,
  Folder,
  FolderSymlink,
} from '@lucide/vue'
import type { Component } from 'vue'
import { extensionOf } from './file-path.ts'

const ICONS: readonly (readonly [Component, RegExp])[] = [
  [FileImage, /^(png|jpe?g|gif|webp|bmp|ico|svg)$/],
  [Archive, /^(zip|tar|t?gz|zst|xz|bz2|7z|rar|jar)$/],
  [Braces, /^json5?$/],
  [FileCog, /^(properties|ya?ml|toml|ini|cfg|conf|env)$/],
  [FileCode, /^(js|mjs|cjs|ts|lua|py|sh|java|xml|html|css|php)$/],
  [FileText, /^(txt|log|md)$/],
]
/** What the node can unpack. */
const ARCHIVES = /\.(zip|tar|tar\.gz|tgz|tar\.zst|gz|zst)$/i
/** Larger files are downloaded instead of edited. */
export const MOST_EDITABLE_BYTES = 4 * 1_048_576

export function iconOf(entry: Pick<FileEntry, 'name' | 'type'>): Component {
  if (entry.type === 'directory') return Folder
  if (entry.type === 'symlink') return FolderSymlink
  if (entry.type === 'other') return FileQuestionMark
  return ICONS.find(([, pattern]) => pattern.test(extensionOf(entry.name)))?.[0] ?? File
}

export function isArchive(entry: Pick<FileEntry, 'name' | 'type'>): boolean {
  return entry.type === 'file' && ARCHIVES.test(entry.name)
}
