import { open } from 'node:fs/promises'
import { parseEgg, type Egg, type EggFormat } from '../eggs/index.ts'
import type { CommandIo } from './command-io.ts'
import type { EggFile } from './egg-files.ts'

/** A finding as the command line shows it: of the parser, of the linter, or of the file itself. */
export interface Finding {
  readonly severity: 'error' | 'warning' | 'info'
  /** Of `EggDiagnosticCode`, or `FILE_UNREADABLE`. */
  readonly code: string
  /** JSON pointer; empty for the whole file. */
  readonly pointer: string
  readonly message: string
}

export interface ReadEgg extends EggFile {
  readonly egg: Egg | null
  readonly format: EggFormat | null
  readonly diagnostics: readonly Finding[]
  /** It was only found, is readable, and makes no claim to be an egg. */
  readonly isOther: boolean
}

/** One byte more than an egg may have, so that a larger file is known as such without reading all of it. */
const MAX_READ = 1024 * 1024 + 1

/** What an egg of the panels says of itself, in any encoding. */
const CLAIMS_TO_BE_AN_EGG = /\b(?:PTDL|PLCN)_/

/** Reads one egg; whatever is wrong with the file becomes a finding. */
export async function readEggFile(source: EggFile, io: Pick<CommandIo, 'stdin'>): Promise<ReadEgg> {
  let bytes: Uint8Array
  try {
    bytes = source.file === '-' ? await readStream(io.stdin) : await readStart(source.file)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    const message = `The file cannot be read (${String(error.code)}); check its name and its permissions.`
    const finding: Finding = { severity: 'error', code: 'FILE_UNREADABLE', pointer: '', message }
    return { ...source, egg: null, format: null, diagnostics: [finding], isOther: false }
  }
  const { egg, format, diagnostics } = await parseEgg(bytes, { fileName: source.file })
  const isNoEgg = diagnostics.some(({ code }) => code === 'EGG_FORMAT_UNKNOWN' || code === 'EGG_NOT_A_MAP')
  const isOther = source.isFound && isNoEgg && !CLAIMS_TO_BE_AN_EGG.test(new TextDecoder().decode(bytes))
  return { ...source, egg, format, diagnostics, isOther }
}

async function readStart(file: string): Promise<Uint8Array> {
  await using handle = await open(file)
  const parts: Uint8Array[] = []
  for (let length = 0; length < MAX_READ;) {
    const { bytesRead, buffer } = await handle.read(new Uint8Array(Math.min(65_536, MAX_READ - length)))
    if (bytesRead === 0) break
    parts.push(buffer.subarray(0, bytesRead))
    length += bytesRead
  }
  return join(parts)
}

async function readStream(stream: AsyncIterable<Uint8Array | string>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of stream) {
    const bytes = typeof part === 'string' ? new TextEncoder().encode(part) : part
    parts.push(bytes)
    length += bytes.length
    if (length >= MAX_READ) break
  }
  return join(parts)
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts
  if (parts.length === 1 && only) return only
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
