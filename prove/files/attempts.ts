import { createHash } from 'node:crypto'
import { lstat, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { ONLY_OUTSIDE, OUTSIDE_AT_S, SECRET } from './outside.ts'
import type { Subject } from './subject.ts'

const SECRET_SUM = createHash('sha256').update(SECRET).digest('hex')
/** Lies in every tree: `planted` and `deep/planted`, and a link with a file below it. */
export const ARCHIVE = 'archive.tar'

export interface Place {
  /** The tree as the host sees it, and what lies beside it. */
  readonly data: string
  readonly private: string
}

/** One way to reach for what is outside. */
export interface Attempt {
  /** Calls of a file tree that it makes. */
  readonly covers: readonly string[]
  /** Answers whether something of it came back; changes are seen outside. `name` is new in the tree's root. */
  readonly reach: (subject: Subject, place: Place, name: string) => Promise<boolean>
}

function changes(covers: readonly string[], call: (subject: Subject, name: string) => Promise<unknown>): Attempt {
  return { covers, reach: (subject, _place, name) => call(subject, name).then(() => false) }
}

function tells(covers: readonly string[], call: (subject: Subject, name: string) => Promise<boolean>): Attempt {
  return { covers, reach: (subject, _place, name) => call(subject, name) }
}

/** Looks into what the tenant has got; it goes away again. A link is only a link, wherever it leads. */
async function holdsSecret(file: string): Promise<boolean> {
  try {
    return await isSecretIn(file)
  } finally {
    await rm(file, { recursive: true, force: true })
  }
}

async function isSecretIn(file: string): Promise<boolean> {
  if (!(await lstat(file)).isFile()) return false
  return (await readFile(file, 'utf8')).includes(SECRET)
}

const isSecret = (bytes: Uint8Array) => Buffer.from(bytes).includes(SECRET)
const INSIDE = Buffer.from('inside')

async function withFile(subject: Subject, name: string, work: () => Promise<unknown>): Promise<void> {
  await subject.write(name, INSIDE)
  await work()
}

/** Every operation of a file tree, most of them below a directory that becomes a link meanwhile. */
export const ATTEMPTS: Readonly<Record<string, Attempt>> = {
  read: tells(['read'], async (subject) => isSecret(await subject.read('dir/file'))),
  'read above': tells(['read'], async (subject) => isSecret(await subject.read('dir/deep/../file'))),
  'read open': tells(['open', 'handle.read', 'handle.close'], async (subject) =>
    isSecret(await subject.readOpen('dir/file')),
  ),
  checksum: tells(['checksum'], async (subject) => (await subject.checksum('dir/file')) === SECRET_SUM),
  stat: tells(['stat'], async (subject) => {
    const found = await subject.facts('dir/file')
    return found?.type === 'file' && (found.sizeBytes === SECRET.length || found.modifiedAt === OUTSIDE_AT_S * 1000)
  }),
  list: tells(['list'], async (subject) => (await subject.names('dir')).includes(ONLY_OUTSIDE)),
  'disk use': tells(['diskUse'], async (subject) => (await subject.sizes('dir')).includes(ONLY_OUTSIDE)),
  search: tells(['search'], async (subject) => (await subject.search('dir', SECRET)).length > 0),
  'search all': tells(['search'], async (subject) => (await subject.search('', SECRET)).length > 0),
  write: changes(['write'], (subject) => subject.write('dir/planted', INSIDE)),
  'write over': changes(['write'], (subject) => subject.write('dir/file', INSIDE)),
  'write in pieces': changes(['writeFrom'], (subject) => subject.writePieces('dir/deep/file', INSIDE)),
  'write in place': changes(['open', 'handle.write', 'handle.close'], (subject) => subject.patch('dir/file')),
  'create open': changes(['open'], (subject, name) => subject.create(`dir/${name}`)),
  truncate: changes(['open', 'handle.truncate'], (subject) => subject.truncate('dir/file')),
  'make directory': changes(['makeDirectory'], (subject, name) => subject.makeDirectory(`dir/${name}`)),
  'make directories': changes(['makeDirectory'], (subject, name) => subject.makeDirectories(`dir/${name}/a`)),
  'make link': changes(['makeLink'], (subject, name) => subject.makeLink(`dir/${name}`)),
  remove: changes(['remove'], (subject) => subject.remove('dir/victim')),
  'remove directory': changes(['remove'], (subject) => subject.remove('dir/deep')),
  chmod: changes(['chmod'], (subject) => subject.chmod('dir/file', 0o600)),
  'chmod all': changes(['chmod'], (subject) => subject.chmodAll('dir', 0o640)),
  'set times': changes(['setTimes'], (subject) => subject.setTimes('dir/file', 1_000_000)),
  'move in': changes(['move'], (subject, name) => withFile(subject, name, () => subject.move(name, `dir/${name}`))),
  'replace in': changes(['move'], (subject, name) => withFile(subject, name, () => subject.replace(name, 'dir/file'))),
  'copy in': changes(['copy'], (subject, name) => withFile(subject, name, () => subject.copy(name, `dir/${name}`))),
  'move out': {
    covers: ['move'],
    async reach(subject, { data }, name) {
      await subject.move('dir/victim', name)
      return holdsSecret(path.join(data, name))
    },
  },
  'copy out': {
    covers: ['copy'],
    async reach(subject, { data }, name) {
      await subject.copy('dir/file', name)
      return holdsSecret(path.join(data, name))
    },
  },
  'copy directory out': {
    covers: ['copy'],
    async reach(subject, { data }, name) {
      await subject.copy('dir', name)
      try {
        return (await lstat(path.join(data, name))).isDirectory() && (await isSecretIn(path.join(data, name, 'file')))
      } finally {
        await rm(path.join(data, name), { recursive: true, force: true })
      }
    },
  },
  'hard link': {
    covers: ['hardLink'],
    async reach(subject, { data }, name) {
      await subject.hardLink('dir/file', name)
      return holdsSecret(path.join(data, name))
    },
  },
  'hard link in': changes(['hardLink'], (subject, name) =>
    withFile(subject, name, () => subject.hardLink(name, `dir/${name}`)),
  ),
  pack: {
    covers: ['pack'],
    async reach(subject, { data }, name) {
      await subject.pack('dir', ['file', 'deep'], name)
      return holdsSecret(path.join(data, name))
    },
  },
  'pack into': changes(['pack'], (subject, name) => subject.pack('', [ARCHIVE], `dir/${name}`)),
  unpack: changes(['unpack'], (subject) => subject.unpack(ARCHIVE, 'dir')),
  'unpack a stream': changes(['unpackFrom'], (subject) => subject.unpackStream('dir')),
  history: tells(
    [
      'history.keep',
      'history.list',
      'history.listLost',
      'history.find',
      'history.read',
      'history.move',
      'history.forget',
    ],
    async (subject, name) => isSecret(await subject.keptContent('dir/file', name)),
  ),
  'pack to a stream': tells(['stream.pack', 'stream.next', 'stream.close'], async (subject) =>
    isSecret(await subject.packStream('dir', ['file', 'deep'])),
  ),
  'archive list': tells(['archives.list'], async (subject) =>
    (await subject.archiveNames('dir/packed')).includes(ONLY_OUTSIDE),
  ),
  'archive read': tells(['archives.open'], async (subject) =>
    isSecret(await subject.archiveRead('dir/packed', 'planted')),
  ),
  'trash out': {
    covers: ['trash.put', 'trash.remove', 'trash.list'],
    async reach(subject, { private: own }, _name) {
      const id = await subject.trash('dir/victim')
      const isTaken = await isSecretIn(path.join(own, 'trash', id))
      await subject.forget(id)
      return isTaken
    },
  },
  'restore in': changes(['trash.put', 'trash.restore'], (subject, name) =>
    withFile(subject, name, async () => subject.restore(await subject.trash(name), `dir/${name}`)),
  ),
  upload: changes(['uploads.begin', 'uploads.append', 'uploads.finish', 'uploads.cancel'], (subject) =>
    subject.upload('dir/file', INSIDE),
  ),
  'upload new': changes(['uploads.finish'], (subject, name) => subject.upload(`dir/${name}`, INSIDE)),
}

/** Attempts that are so much work that others would hardly come to theirs beside many of them. */
export const WEIGHTY: readonly string[] = [
  'disk use',
  'search',
  'search all',
  'write in pieces',
  'chmod all',
  'copy in',
  'copy out',
  'copy directory out',
  'pack',
  'pack into',
  'unpack',
  'unpack a stream',
  'history',
  'pack to a stream',
  'archive list',
  'archive read',
  'restore in',
  'upload',
  'upload new',
]

/**
 * Calls that take no path of the tree, and so cannot be led anywhere; a watch tells names of what changes, and nothing outside
 * does.
 */
export const WITHOUT_PATH: readonly string[] = [
  'stream.watch',
  'member.stat',
  'member.read',
  'member.close',
  'tidy',
  'history.prune',
  'handle.stat',
  'handle.sync',
  'uploads.find',
  'uploads.list',
]
