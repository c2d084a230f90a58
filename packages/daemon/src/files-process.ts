// The files process of one server (RULES 21), started by the agent: see files/process/files-process.ts.
//   files-process <server> <uid> <gid>, with the agent on descriptor 3, the data directory on 4, the private directory on 5
import { Socket } from 'node:net'
import { countBuffersWithTheHeap } from './count-buffers.ts'
import { createLocalFileTree } from './files/local-file-tree.ts'
import { serveFiles } from './files/process/serve-files.ts'

const [server = '', uid = '', gid = ''] = process.argv.slice(2)
const [owner, group] = [Number(uid), Number(gid)]

countBuffersWithTheHeap()
// Everything is loaded by now; from here on it is the server's identity that reads and writes.
process.umask(0o022)
if (process.getuid?.() === 0) {
  process.setgroups?.([])
  process.setgid?.(group)
  process.setuid?.(owner)
  if (process.getuid() === 0 || process.getgid?.() === 0) throw new Error('The files process must not run as root.')
}
const tree = createLocalFileTree({
  server,
  // Descriptors reach what paths do not: the agent's own directory is closed to every server.
  root: '/proc/self/fd/4/.',
  privateRoot: '/proc/self/fd/5/.',
  uid: owner,
  gid: group,
})
await serveFiles(tree, new Socket({ fd: 3, readable: true, writable: true }))
process.exit(0)
