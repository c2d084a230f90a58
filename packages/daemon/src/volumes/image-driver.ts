import { constants } from 'node:fs'
import { mkdir, open, readFile, rename, rm, stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { directoryDriver, isThere } from './directory-driver.ts'
import { runTool } from './run-tool.ts'
import type { VolumeDriver } from './volume-driver.ts'

const MIB = 1024 * 1024
/** What the file system itself takes: its journal, and tables of a 64th. */
const OWN_BYTES = 48 * MIB
const OWN_SHARE = 1 / 40
/** A limit can be raised so many times before the file system has to grow. */
const HEADROOM = 4
/** Takes the room between the limit and the end of the file system; no block of it is ever written. */
const BALLAST = '.ballast'
/** Left free while the ballast grows, for what is written meanwhile. */
const SLACK_BYTES = 128 * 1024

/** Limits that could not be held when they were set, because more was there already. */
const wanted = new Map<string, number>()

/** Whether this machine can mount images. */
export async function canMountImages(): Promise<boolean> {
  if (process.getuid?.() !== 0 || !(await isThere('/dev/loop-control'))) return false
  return runTool('mkfs.ext4', '-V').then(
    () => true,
    () => false,
  )
}

/**
 * An ext4 file system of its own for each server with a limit, in a sparse file beside its directory: `<uuid>.img`, mounted at
 * `<uuid>` with `nosuid,nodev`. What is deleted in it goes back to the machine.
 *
 * The file system is larger than the limit, which costs nothing; an empty file beside the server's own directories takes what is
 * more. So a limit is raised and lowered while the server runs. Below what is there already, nothing more can be written, and
 * what becomes free is taken when the volume is counted.
 *
 * A server without a limit has a plain directory, and so has one whose directory was there before.
 */
export const imageDriver: VolumeDriver = {
  name: 'image',
  holdsLimits: true,

  async open(home, limitBytes) {
    const image = imageOf(home)
    if (!(await isThere(image))) {
      if (limitBytes === 0 || (await isThere(home))) return directoryDriver.open(home, limitBytes)
      await makeImage(image, limitBytes)
    }
    await mount(home)
    await imageDriver.limit(home, limitBytes)
  },

  async reopen(home) {
    if (!(await isThere(imageOf(home)))) return isThere(home)
    await mount(home)
    return true
  },

  async limit(home, bytes) {
    if (!(await isMounted(home))) return
    wanted.set(home, bytes)
    const { blocks, bsize } = await statfs(home)
    if (bytes > blocks * bsize) await grow(home, wholeSize(bytes))
    // Without a limit it is as large as the machine lets it become.
    if (bytes === 0) await grow(home, await everything(home)).catch(() => undefined)
    await setBallast(home, bytes)
  },

  async usage(home) {
    if (!(await isMounted(home))) return null
    const { blocks, bfree, bsize } = await statfs(home)
    return (blocks - bfree) * bsize - (await ballastOf(home))
  },

  async guard(home) {
    const bytes = wanted.get(home)
    if (bytes !== undefined && bytes > 0 && (await isMounted(home))) await setBallast(home, bytes)
  },

  async remove(home) {
    // Whoever still reads in it keeps the device until then.
    if (await isMounted(home)) await runTool('umount', '--lazy', home)
    wanted.delete(home)
    // The file system first: without its image the directory is an empty one.
    await rm(imageOf(home), { force: true })
    await directoryDriver.remove(home)
  },
}

const imageOf = (home: string) => `${home}.img`

/** Size of an image whose file system holds so much. */
function wholeSize(bytes: number): number {
  return Math.ceil((bytes * (1 + OWN_SHARE) + OWN_BYTES) / MIB) * MIB
}

/** Made beside its place: an image that is there is whole. */
async function makeImage(image: string, limitBytes: number): Promise<void> {
  const unfinished = `${image}.new`
  await rm(unfinished, { force: true })
  await using file = await open(unfinished, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600)
  await file.truncate(wholeSize(limitBytes * HEADROOM))
  await runTool('mkfs.ext4', '-q', '-F', '-m', '0', '-J', 'size=16', '-E', 'lazy_itable_init=1', unfinished)
  await file.sync()
  await rename(unfinished, image)
}

async function mount(home: string): Promise<void> {
  if (await isMounted(home)) return
  const image = imageOf(home)
  // A machine that went down leaves a journal, which the check plays back; 1 says that it has mended something.
  await runTool('e2fsck', '-p', image).catch((error: unknown) => {
    if (exitCodeOf(error) !== 1) throw error
  })
  await mkdir(home, { recursive: true, mode: 0o700 })
  await runTool('mount', '-o', 'loop,nosuid,nodev,discard', image, home)
  await rm(`${home}/lost+found`, { recursive: true, force: true })
}

/** Leaves as much room as the limit says, or none where more is there already. */
async function setBallast(home: string, limitBytes: number): Promise<void> {
  const { blocks, bfree, bavail, bsize } = await statfs(home)
  const held = await ballastOf(home)
  // Some blocks nobody gets: ext4 keeps them so that it can always write down what it has promised.
  const usable = (blocks - (bfree - bavail)) * bsize
  const goal = limitBytes === 0 ? 0 : Math.max(0, usable - limitBytes)
  if (goal <= held) return truncateBallast(home, goal)
  const size = Math.floor(Math.min(goal, held + bavail * bsize - SLACK_BYTES))
  if (size > held) await runTool('fallocate', '--length', String(size), `${home}/${BALLAST}`)
}

async function truncateBallast(home: string, size: number): Promise<void> {
  await using file = await open(
    `${home}/${BALLAST}`,
    constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW,
    0o600,
  )
  await file.truncate(size)
}

async function ballastOf(home: string): Promise<number> {
  return stat(`${home}/${BALLAST}`).then(({ size }) => size, whenMissing)
}

function whenMissing(error: NodeJS.ErrnoException): number {
  if (error.code === 'ENOENT') return 0
  throw error
}

async function grow(home: string, size: number): Promise<void> {
  await using file = await open(imageOf(home), constants.O_RDWR)
  if (size <= (await file.stat()).size) return
  await file.truncate(size)
  const device = await deviceOf(home)
  await runTool('losetup', '-c', device)
  await runTool('resize2fs', device)
}

/** As much as the machine has. */
async function everything(home: string): Promise<number> {
  const { size } = await stat(imageOf(home))
  const { bavail, bsize } = await statfs(dirname(home))
  return Math.floor((size + bavail * bsize) / MIB) * MIB
}

async function isMounted(home: string): Promise<boolean> {
  return (await mountOf(home)) !== null
}

/** The loop device that is mounted there. */
async function deviceOf(home: string): Promise<string> {
  const device = await mountOf(home)
  if (device === null) throw new Error(`${home} is not mounted.`)
  return device
}

/** proc_pid_mountinfo(5): the mount point is the fifth field, and the source the second after the dash. */
async function mountOf(home: string): Promise<string | null> {
  for (const line of (await readFile('/proc/self/mountinfo', 'utf8')).split('\n')) {
    const [left = '', right = ''] = line.split(' - ')
    if (left.split(' ')[4] === home.replaceAll(' ', String.raw`\040`)) return right.split(' ')[1] ?? null
  }
  return null
}

function exitCodeOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error && 'code' in error.cause ? error.cause.code : undefined
}
