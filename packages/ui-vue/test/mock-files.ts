import type { ArchiveMember, DiskUse, FileEntry, FileMatches, TrashItem, LostFile } from '@hatchery/core/sdk'
import { NOW, uuid } from './mock-data.ts'

const MODES = { directory: 0o755, file: 0o644, symlink: 0o777, other: 0o600 } as const
function entry(name: string, type: FileEntry['type'], sizeBytes = 0, hours = 5): FileEntry {
  return {
    name,
    type,
    sizeBytes,
    diskBytes: sizeBytes,
    mode: MODES[type],
    modifiedAt: NOW - hours * 3_600_000,
    linkTarget: type === 'symlink' ? 'logs/latest.log' : null,
    revision: 1,
  }
}

const ROOT: readonly FileEntry[] = [
  ...['cache', 'config', 'libraries', 'logs', 'many', 'nothing', 'plugins', 'world', 'world_nether'].map(
    (name, index) => entry(name, 'directory', 4096, index * 7),
  ),
  entry('banned-players.json', 'file', 2, 700),
  entry('bukkit.yml', 'file', 1_204, 80),
  entry('eula.txt', 'file', 158, 900),
  entry('latest.log', 'symlink', 15, 1),
  entry('paper-1.21.4.jar', 'file', 51_380_224, 240),
  entry('server-icon.png', 'file', 7_204, 500),
  entry('server.properties', 'file', 1_390, 0.2),
  entry('world-backup-before-the-great-update-of-the-whole-nether-2026-11-20.zip', 'file', 734_003_200, 170),
  entry('world.db', 'file', 18_000, 3),
]
export const SERVER_PROPERTIES = `#Minecraft server properties
difficulty=hard
enable-command-block=false
gamemode=survival
level-name=world
max-players=40
motd=Survival \\u2014 be kind, and mind the creepers
online-mode=true
server-port=25565
view-distance=10
`

/** A directory of the mock: `many` has ten thousand entries, `nothing` none. */
export function filesAt(path: string, isEmpty: boolean, query: URLSearchParams) {
  const all =
    isEmpty || path === 'nothing'
      ? []
      : path === 'many'
        ? Array.from({ length: 10_000 }, (_, index) =>
            entry(`region.${String(index).padStart(5, '0')}.mca`, 'file', (index * 7919) % 9_000_000, index / 9),
          )
        : ROOT
  const [offset, limit] = [Number(query.get('offset') ?? 0), Number(query.get('limit') ?? 100)]
  return { data: all.slice(offset, offset + limit), nextCursor: null, total: all.length }
}

export function fileAt(path: string): FileEntry {
  const name = path.split('/').at(-1) ?? ''
  return ROOT.find((one) => one.name === name) ?? entry(name, 'file', 100)
}

export const trash: readonly TrashItem[] = [
  ['plugins/OldPlugin.jar', 'file', 2_400_000],
  ['world_the_end', 'directory', 340_000_000],
  ['config/paper-world-defaults.yml', 'file', 5_000],
].map(([path, type, diskBytes], index) => ({
  id: uuid(),
  path: String(path),
  type: type as 'file',
  diskBytes: Number(diskBytes),
  deletedAt: NOW - index * 9e6,
  expiresAt: NOW + 6 * 86_400_000,
}))

export const lostFiles: readonly LostFile[] = [
  ['config/old-shop.yml', 12_400],
  ['plugins/Essentials/kits-before-the-update-of-last-summer.yml', 3_100],
  ['ops.json', 220],
].map(([path, sizeBytes], index) => ({
  path: String(path),
  revision: uuid(),
  at: NOW - (index + 1) * 50_000_000,
  sizeBytes: Number(sizeBytes),
}))

export const fileMatches: FileMatches = {
  matches: [
    {
      path: 'server.properties',
      type: 'file',
      sizeBytes: 1390,
      modifiedAt: NOW,
      lines: [{ line: 7, text: 'motd=Survival \\u2014 be kind, and mind the creepers' }],
    },
    { path: 'plugins/Essentials/motd.txt', type: 'file', sizeBytes: 200, modifiedAt: NOW, lines: [] },
    { path: 'plugins/Motd', type: 'directory', sizeBytes: 0, modifiedAt: NOW, lines: [] },
  ],
  isPartial: true,
}

/** Sizes of the mock's directories, so that the areas differ. */
const USED: Readonly<Record<string, number>> = {
  world: 4_812_000_000,
  world_nether: 1_204_000_000,
  libraries: 311_000_000,
  plugins: 214_000_000,
  cache: 96_000_000,
  logs: 41_000_000,
  many: 38_000_000,
  config: 240_000,
}
export function diskUseAt(isEmpty: boolean): DiskUse {
  const children = (isEmpty ? [] : ROOT)
    .map(({ name, type, diskBytes }) => ({
      name,
      type,
      diskBytes: type === 'directory' ? (USED[name] ?? 0) : diskBytes,
      entries: type === 'directory' ? Math.round((USED[name] ?? 0) / 1e6) + 1 : 1,
    }))
    .toSorted((one, other) => other.diskBytes - one.diskBytes)
  const sum = (of: 'diskBytes' | 'entries'): number => children.reduce((total, child) => total + child[of], 0)
  return { diskBytes: sum('diskBytes'), entries: sum('entries'), children, isPartial: false }
}

export function archiveAt(directory: string, isEmpty: boolean) {
  const member = (name: string, type: ArchiveMember['type'], sizeBytes: number | null = null): ArchiveMember => ({
    name,
    type,
    sizeBytes,
    packedBytes: sizeBytes === null ? null : Math.round(sizeBytes * 0.4),
    mode: type === 'directory' ? 0o755 : 0o644,
    modifiedAt: type === 'directory' ? null : NOW - 86_400_000,
    linkTarget: null,
    isEncrypted: false,
  })
  const all = isEmpty
    ? []
    : directory === ''
      ? [member('world', 'directory'), member('level.dat', 'file', 2_400), member('readme.txt', 'file', 900)]
      : Array.from({ length: 60 }, (_, index) =>
          member(`r.${index % 8}.${index >> 3}.mca`, 'file', 700_000 + index * 91_000),
        )
  return { data: all, nextCursor: null, total: all.length }
}
