// A tenant swaps a directory of its server for a symbolic link while the agent reads, writes, lists and removes below it.
// Nothing outside may be read or changed. The negative control checks a path first and opens it afterwards, and must be caught.
//   node prove/files/main.ts --quick | --full
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, readdir, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { createLocalFileTree } from '../../packages/daemon/src/files/index.ts'

const SECONDS = process.argv.includes('--full') ? 600 : 8

interface Subject {
  read(file: string): Promise<Uint8Array>
  write(file: string, content: Uint8Array): Promise<void>
  names(directory: string): Promise<readonly string[]>
  remove(file: string): Promise<void>
}

interface Outcome {
  tries: number
  /** Calls that went through inside the tree: without them the race was never near. */
  inside: number
  escapes: number
}

const root = await mkdtemp(path.join(tmpdir(), 'hatchery-prove-files-'))
try {
  const ours = await attack('component by component', (data) => {
    const tree = createLocalFileTree({ server: 'prove', root: data, uid: process.getuid!(), gid: process.getgid!() })
    const names = async (directory: string) => (await tree.list(directory)).map((entry) => entry.name)
    return { read: tree.read, write: tree.write, names, remove: tree.remove }
  })
  const control = await attack('negative control: check, then open', checkThenOpen)
  if (ours.escapes > 0 || ours.inside === 0) process.exitCode = 1
  if (control.escapes === 0) {
    console.log('the negative control was not caught: the race is not tight enough to prove anything')
    process.exitCode = 1
  }
  console.log(
    `${ours.escapes} escapes in ${ours.tries} tries; at 95 % the rate is below ${(3 / ours.tries).toExponential(1)}`,
  )
} finally {
  await rm(root, { recursive: true, force: true })
}

async function attack(name: string, createSubject: (data: string) => Subject): Promise<Outcome> {
  const home = await mkdtemp(path.join(root, 'server-'))
  const [data, outside] = [path.join(home, 'data'), path.join(home, 'outside')]
  await mkdir(path.join(data, 'dir'), { recursive: true })
  await mkdir(outside)
  await writeFile(path.join(data, 'dir/file'), 'inside')
  for (const file of ['file', 'victim']) await writeFile(path.join(outside, file), 'secret')
  const subject = createSubject(data)
  const tenant = fork(path.join(import.meta.dirname, 'swap.ts'), [data, outside])
  await once(tenant, 'message')
  const outcome: Outcome = { tries: 0, inside: 0, escapes: 0 }
  const end = Date.now() + SECONDS * 1000
  const attempt = async (call: () => Promise<boolean>) => {
    outcome.tries += 1
    // A refusal is what a swap should meet.
    const hasEscaped = await call().catch(() => null)
    if (hasEscaped === false) outcome.inside += 1
    if (hasEscaped) outcome.escapes += 1
  }
  const worker = async () => {
    while (Date.now() < end) {
      await attempt(async () => Buffer.from(await subject.read('dir/file')).toString() === 'secret')
      await attempt(async () => subject.write('dir/planted', Buffer.from('x')).then(() => false))
      await attempt(async () => (await subject.names('dir')).includes('victim'))
      await attempt(async () => subject.remove('dir/victim').then(() => false))
    }
  }
  await Promise.all([worker(), worker(), worker()])
  tenant.kill('SIGKILL')
  await once(tenant, 'exit')

  const left = await readdir(outside)
  const isSecretKept = (await readFile(path.join(outside, 'file'), 'utf8')) === 'secret'
  if (!isSecretKept || !left.includes('victim') || left.length !== 2) outcome.escapes += 1
  console.log(`${name}: ${JSON.stringify(outcome)}`)
  return outcome
}

/** What agents of the field did: resolve the path, see that it is inside, then use it. */
function checkThenOpen(data: string): Subject {
  const checked = async (file: string) => {
    const target = path.join(data, file)
    const directory = await realpath(path.dirname(target))
    if (!`${directory}/`.startsWith(`${await realpath(data)}/`)) throw new Error('outside')
    return target
  }
  return {
    read: async (file) => readFile(await checked(file)),
    write: async (file, content) => writeFile(await checked(file), content),
    names: async (directory) => readdir(await checked(`${directory}/.`)),
    remove: async (file) => rm(await checked(file), { force: true }),
  }
}
