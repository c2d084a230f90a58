import { AppError } from '@hatchery/core/errors'
import type { ServerSpec } from '@hatchery/core/protocol'
import type { FileTree } from '@hatchery/core/runtime'

const MAX_CONFIG_BYTES = 10 * 1024 * 1024

export interface PatchContext {
  /** Address of this machine on the server's own network, for `{{config.docker.interface}}`; without one it stays as it is. */
  readonly dockerInterface: string | null
  /** Says in the console what could not be done. */
  readonly warn: (text: string) => void
}

/**
 * Brings the server's configuration files to what its spec says, before a start. Files that are right stay untouched.
 * A file that cannot be read or changed, such as one that its owner broke, is named in the console and left as it is: the game
 * has a better word for what is wrong with it, and may be what repairs it.
 */
export async function patchConfigFiles(
  files: FileTree,
  spec: Pick<ServerSpec, 'configFiles'>,
  context: PatchContext,
  signal: AbortSignal,
): Promise<void> {
  if (spec.configFiles.length === 0) return
  // Loaded with the first server that needs it.
  const { patchConfigFile } = await import('@hatchery/core/eggs')
  const { dockerInterface, warn } = context
  for (const file of spec.configFiles) {
    signal.throwIfAborted()
    try {
      const before = await readText(files, file.path)
      if (before === null && !file.createFile) continue
      const { text, mark, encoding } = before ?? { text: '', mark: '', encoding: 'utf-8' }
      const after = await patchConfigFile(
        file.parser,
        text,
        file.replace,
        dockerInterface === null ? {} : { dockerInterface },
      )
      if (before === null || after !== text) await files.write(file.path, encode(mark + after, encoding))
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      const { message } = new AppError('CONFIG_FILE_FAILED', { path: file.path, reason }, { cause: error })
      warn(`${message} The file stays as it is.`)
    }
  }
}

interface Text {
  readonly text: string
  /** The byte order mark that some editors begin a file with; no parser wants it, and the file keeps it. */
  readonly mark: string
  readonly encoding: 'utf-8' | 'latin1'
}

async function readText(files: FileTree, path: string): Promise<Text | null> {
  let bytes: Uint8Array
  try {
    bytes = await files.read(path, { maxBytes: MAX_CONFIG_BYTES + 1 })
  } catch (error) {
    if (error instanceof AppError && error.code === 'FILE_NOT_FOUND') return null
    throw error
  }
  if (bytes.length > MAX_CONFIG_BYTES) throw new Error(`it is larger than ${MAX_CONFIG_BYTES} bytes`)
  return decode(bytes)
}

const BYTE_ORDER_MARK = '\uFEFF'

/** Old games write Latin-1. Read as such every byte has its character and comes back as it was. */
function decode(bytes: Uint8Array): Text {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    const mark = text.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : ''
    return { text: text.slice(mark.length), mark, encoding: 'utf-8' }
  } catch {
    // Not UTF-8.
    return { text: Buffer.from(bytes).toString('latin1'), mark: '', encoding: 'latin1' }
  }
}

/** In the file's own encoding; a value that it has no character for makes the whole file UTF-8. */
function encode(text: string, encoding: Text['encoding']): Uint8Array {
  // oxlint-disable-next-line no-control-regex -- all that Latin-1 has
  const fits = encoding === 'latin1' && /^[\u0000-\u00ff]*$/.test(text)
  return fits ? Buffer.from(text, 'latin1') : new TextEncoder().encode(text)
}
