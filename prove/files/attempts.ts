import { createHash } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Subject } from './subject.ts'

export const SECRET = 'secret'
/** A name that no directory inside has. */
export const ONLY_OUTSIDE = 'only-outside'
const SECRET_SUM = createHash('sha256').update(SECRET).digest('hex')

/** One way to reach for what is outside. Answers whether something of it came back; changes are seen outside. */
export type Attempt = (subject: Subject, data: string, name: string) => Promise<boolean>

const changes = (call: (subject: Subject, name: string) => Promise<unknown>): Attempt => {
  return (subject, _data, name) => call(subject, name).then(() => false)
}

/** What the tenant may have got into its own tree: the content of a file outside. */
async function holdsSecret(data: string, name: string): Promise<boolean> {
  const file = path.join(data, name)
  try {
    return (await readFile(file, 'utf8')) === SECRET
  } finally {
    await rm(file, { force: true })
  }
}

/** Every operation of a file tree, most of them below a directory that becomes a link meanwhile. */
export const ATTEMPTS: Readonly<Record<string, Attempt>> = {
  read: async (subject) => Buffer.from(await subject.read('dir/file')).toString() === SECRET,
  checksum: async (subject) => (await subject.checksum('dir/file')) === SECRET_SUM,
  list: async (subject) => (await subject.names('dir')).includes(ONLY_OUTSIDE),
  'disk use': async (subject) => (await subject.sizes('dir')).includes(ONLY_OUTSIDE),
  write: changes((subject) => subject.write('dir/planted', Buffer.from('x'))),
  'write over': changes((subject) => subject.write('dir/file', Buffer.from('inside'))),
  'write in place': changes((subject) => subject.patch('dir/file')),
  'make directory': changes((subject, name) => subject.makeDirectory(`dir/${name}`)),
  'make link': changes((subject, name) => subject.makeLink(`dir/${name}`)),
  remove: changes((subject) => subject.remove('dir/victim')),
  'remove directory': changes((subject) => subject.remove('dir/deep')),
  chmod: changes((subject) => subject.chmod('dir/file', 0o600)),
  'chmod all': changes((subject) => subject.chmodAll('dir', 0o600)),
  'set times': changes((subject) => subject.setTimes('dir/file', 1_000_000)),
  'move in': changes(async (subject, name) => {
    await subject.write(name, Buffer.from('inside'))
    await subject.move(name, `dir/${name}`)
  }),
  'replace in': changes(async (subject, name) => {
    await subject.write(name, Buffer.from('inside'))
    await subject.replace(name, 'dir/file')
  }),
  'copy in': changes(async (subject, name) => {
    await subject.write(name, Buffer.from('inside'))
    await subject.copy(name, `dir/${name}`)
  }),
  'move out': async (subject, data, name) => {
    await subject.move('dir/victim', name)
    return holdsSecret(data, name)
  },
  'copy out': async (subject, data, name) => {
    await subject.copy('dir/file', name)
    return holdsSecret(data, name)
  },
  'hard link': async (subject, data, name) => {
    await subject.hardLink('dir/file', name)
    return holdsSecret(data, name)
  },
}
