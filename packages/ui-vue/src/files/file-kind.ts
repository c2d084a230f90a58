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
  [Archive, /^(zip|tar|t[gx]z|t?zst|tbz2|gz|xz|bz2|lz4|7z|rar|jar|mcpack|mrpack)$/],
  [Braces, /^json5?$/],
  [FileCog, /^(properties|ya?ml|toml|ini|cfg|conf|env)$/],
  [FileCode, /^(js|mjs|cjs|ts|lua|py|sh|java|xml|html|css|php)$/],
  [FileText, /^(txt|log|md)$/],
]
/** What the node can unpack: whole archives, and single files that are compressed. */
const ARCHIVES = /\.(zip|jar|mrpack|mcpack|tar|tgz|txz|tbz2|tzst|7z|rar|gz|zst|xz|bz2|lz4)$/i
const COMPRESSED = /\.(gz|zst|xz|bz2|lz4)$/i
const COMPRESSED_TAR = /\.tar\.\w+$/i
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

/** A single compressed file, such as a log that was put aside; its text is shown decompressed. */
export function isCompressedFile(name: string): boolean {
  return COMPRESSED.test(name) && !COMPRESSED_TAR.test(name)
}

/** An archive with entries that can be looked at without unpacking it. */
export function isBrowsable(entry: Pick<FileEntry, 'name' | 'type'>): boolean {
  return isArchive(entry) && !isCompressedFile(entry.name)
}
