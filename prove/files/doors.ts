import { chown, mkdir } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { FilesProcesses, createLocalFileTree } from '../../packages/daemon/src/files/index.ts'
import { TestAgent } from '../../packages/daemon/src/testing/test-agent.ts'
import type { Place } from './attempts.ts'
import { checkThenOpen } from './check-then-open.ts'
import { SshStage } from '../../packages/daemon/src/testing/ssh-stage.ts'
import { NOT_OVER_SFTP, connectSftp, overSftp } from './over-sftp.ts'
import { NOT_OVER_THE_LINK, overTheLink } from './over-the-link.ts'
import { treeSubject, type Owner, type Subject } from './subject.ts'

const SELF = { uid: process.getuid!(), gid: process.getgid!() }
/** Root can take on the identity of a tenant; anybody else is one. */
const TENANT: Owner = SELF.uid === 0 ? { uid: 70_003, gid: 70_003 } : SELF

/** A way to a server's files, open. */
export interface OpenDoor extends AsyncDisposable {
  readonly subject: Subject
  readonly place: Place
}

export interface Door {
  readonly name: string
  /** Whose files lie outside; a change of hands is noticed. */
  readonly owner: Owner
  /** Who the attacker is. */
  readonly tenant: Owner
  /** Its share of the full run, in turns of this length: the longest where the most is tried in that time. */
  readonly turnSeconds: number
  /** Attempts that it has no way for. */
  readonly leavesOut: readonly string[]
  /** @param home a directory of the suite's own */
  open(home: string): Promise<OpenDoor>
}

async function placeIn(home: string): Promise<Place> {
  const place = { data: path.join(home, 'data'), private: path.join(home, 'data.private') }
  for (const directory of Object.values(place)) {
    await mkdir(directory, { mode: 0o755 })
    await chown(directory, TENANT.uid, TENANT.gid)
  }
  return place
}

/** As root it can do anything: what holds here is the walk alone. */
const inProcess: Door = {
  name: 'in process',
  turnSeconds: 60,
  owner: SELF,
  tenant: SELF,
  leavesOut: [],
  async open(home) {
    const place = await placeIn(home)
    const { data, private: privateRoot } = place
    const tree = createLocalFileTree({ server: 'prove', root: data, privateRoot, ...TENANT })
    return { place, subject: treeSubject(tree), [Symbol.asyncDispose]: async () => {} }
  },
}

const filesProcess: Door = {
  name: 'files process',
  turnSeconds: 60,
  owner: TENANT,
  tenant: TENANT,
  leavesOut: [],
  async open(home) {
    const place = await placeIn(home)
    const processes = new FilesProcesses({ onError: (_server, text) => console.log(text) })
    const volume = { server: 'prove', version: 1, dataDirectory: place.data, privateDirectory: place.private }
    return {
      place,
      subject: treeSubject(processes.treeOf(volume, TENANT)),
      [Symbol.asyncDispose]: () => processes[Symbol.asyncDispose](),
    }
  },
}

/** A whole agent beside a panel. The tree is again that of root, so that nothing but the walk stands in the way. */
const link: Door = {
  name: 'over the link',
  turnSeconds: 20,
  owner: SELF,
  tenant: SELF,
  leavesOut: NOT_OVER_THE_LINK,
  async open(home) {
    const agent = await withTemporary(home, () => TestAgent.start())
    const { id } = await agent.installed()
    const volume = path.join(agent.dataDirectory, 'volumes', id)
    return {
      place: { data: path.join(volume, 'data-1'), private: path.join(volume, 'private') },
      subject: overTheLink(agent.panel, id),
      [Symbol.asyncDispose]: () => agent[Symbol.asyncDispose](),
    }
  },
}

/** The SSH server, with somebody else's client; the tree is that of root once more. */
const sftp: Door = {
  name: 'over SFTP',
  turnSeconds: 20,
  owner: SELF,
  tenant: SELF,
  leavesOut: NOT_OVER_SFTP,
  async open(home) {
    const stage = await withTemporary(home, () => SshStage.start())
    const connection = await connectSftp(stage)
    return {
      place: { data: stage.root, private: path.join(stage.directory, 'volume', 'private') },
      subject: overSftp(connection.sftp),
      [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
    }
  },
}

/** What the work makes in the directory for temporary files lies in `home`. */
async function withTemporary<T>(home: string, work: () => Promise<T>): Promise<T> {
  const before = process.env['TMPDIR']
  process.env['TMPDIR'] = home
  try {
    return await work()
  } finally {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  }
}

export const DOORS: readonly Door[] = [inProcess, filesProcess, link, sftp]

export const CONTROL: Door = {
  ...inProcess,
  name: 'negative control: check, then open',
  async open(home) {
    const place = await placeIn(home)
    return { place, subject: checkThenOpen(place), [Symbol.asyncDispose]: async () => {} }
  },
}
