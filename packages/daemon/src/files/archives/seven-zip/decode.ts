import { readSync } from 'node:fs'
import type { Transferable } from 'node:worker_threads'
import sevenZipModule, { type SevenZipModuleFactory } from '7z-wasm'
import { Listing } from './listing.ts'
import { MESSAGE_BYTES, type DecoderMessage, type DecoderTask } from './messages.ts'
import { mountSink, type EmscriptenFs } from './sink.ts'

/** Bytes that may be under way before the decoder waits for them to be taken. */
const AHEAD_BYTES = 4 * 1024 * 1024
const COMPLAINT_LENGTH = 2000
/** None of the numbers that 7-Zip ends with. */
const CRASHED = 255
/** Numbers that it does end with. */
const [WARNED, FAILED] = [1, 2]
/** Its types describe another kind of module than it is. */
const load = sevenZipModule as unknown as SevenZipModuleFactory

const PAGE_BYTES = 65_536

/** Node's types have none. */
interface WasmMemory {
  readonly buffer: ArrayBuffer
  grow: (this: WasmMemory, pages: number) => number
}

type Post = (message: DecoderMessage, transfer?: readonly Transferable[]) => void

/**
 * Runs 7-Zip over one archive and sends what comes out. It sees one file and writes to a place that keeps nothing: neither a name
 * in the archive nor an error in the program reaches a file of the machine. Ends with a message of type `end`.
 */
export async function decode(task: DecoderTask, post: Post): Promise<void> {
  limitMemory(task.maxMemoryBytes)
  const counters = new Int32Array(task.counters)
  const send: Post = (message, transfer) => {
    const weight = MESSAGE_BYTES + (message.type === 'piece' ? message.bytes.byteLength : 0)
    for (let ahead = Atomics.load(counters, 0); ahead > AHEAD_BYTES; ahead = Atomics.load(counters, 0)) {
      Atomics.wait(counters, 0, ahead)
    }
    Atomics.add(counters, 0, weight)
    post(message, transfer)
  }
  const listing = new Listing((members) => send({ type: 'listed', members }))
  let complaint = ''
  let hasLeftOutLinks = false
  const complain = (line: string) => {
    // It makes none that leads out; they are left out, and all else is as it should be.
    if (line.startsWith('ERROR: Dangerous link')) hasLeftOutLinks = true
    else if (complaint.length < COMPLAINT_LENGTH) complaint += `${line.slice(0, 300)}\n`
  }
  const sevenZip = await load({
    print: (line) => (task.action === 'list' ? listing.take(line) : undefined),
    printErr: complain,
    // Nobody is there to be asked.
    stdin: () => null as unknown as number,
    quit: (_code, status) => {
      throw status as unknown as Error
    },
  })
  const fs = sevenZip.FS as unknown as EmscriptenFs
  showArchive(fs, task, counters)
  mountSink(fs, '/out', send)
  let code: number
  try {
    // Its types have it give nothing.
    code = (sevenZip.callMain([...argumentsOf(task)]) as unknown as number | undefined) ?? 0
  } catch (error) {
    complain(String(error))
    code = CRASHED
  }
  if (code === FAILED && hasLeftOutLinks && !complaint.includes('ERROR')) code = WARNED
  listing.end()
  const parts = listing.isOneOfSeveral ? 'Missing volume\n' : ''
  send({ type: 'end', code, complaint: parts + complaint })
}

function argumentsOf({ action, format, members }: DecoderTask): readonly string[] {
  // Names are no patterns; the password is none that anybody has.
  const common = ['-sccUTF-8', '-spd', '-bd', '-y', '-p-none-', `-t${format}`]
  if (action === 'list') return ['l', '-slt', ...common, '--', '/in/archive']
  return ['x', ...common, '-o/out', '--', '/in/archive', ...members]
}

/** A file that is read where it lies. */
function showArchive(fs: EmscriptenFs, { descriptor, sizeBytes }: DecoderTask, counters: Int32Array): void {
  fs.mkdir('/in')
  const node = fs.createFile('/in', 'archive', {}, true, false)
  const { llseek } = node.stream_ops
  Object.defineProperty(node, 'usedBytes', { get: () => sizeBytes })
  node.stream_ops = {
    llseek,
    read: (_stream, buffer, offset, length, position) => {
      const bytes = readSync(descriptor, buffer, offset, length, position)
      Atomics.store(counters, 1, Math.ceil((position + bytes) / 1024))
      return bytes
    },
  }
}

/** An archive says itself how much memory it takes to unpack it. Nothing else in this thread has any of this kind. */
function limitMemory(maxBytes: number): void {
  const { prototype } = (globalThis as unknown as { WebAssembly: { Memory: { prototype: WasmMemory } } }).WebAssembly
    .Memory
  const { grow } = prototype
  prototype.grow = function (this: WasmMemory, pages: number) {
    if (this.buffer.byteLength + pages * PAGE_BYTES > maxBytes)
      throw new RangeError('The archive takes too much memory.')
    return grow.call(this, pages)
  }
}
