import { AppError } from '@hatchery/core/errors'
import type { ServerSpec } from '@hatchery/core/protocol'
import type { FileTree } from '@hatchery/core/runtime'

const MAX_CONFIG_BYTES = 10 * 1024 * 1024

/** Brings the server's configuration files to what its spec says, before a start. Files that are right stay untouched. */
export async function patchConfigFiles(files: FileTree, spec: ServerSpec, signal: AbortSignal): Promise<void> {
  if (spec.configFiles.length === 0) return
  // Loaded with the first server that needs it: the parsers are not small.
  const { patchConfigFile } = await import('@hatchery/core/eggs')
  for (const file of spec.configFiles) {
    signal.throwIfAborted()
    try {
      const before = await readText(files, file.path)
      if (before === null && !file.createFile) continue
      const after = patchConfigFile(file.parser, before ?? '', file.replace)
      if (after !== before) await files.write(file.path, new TextEncoder().encode(after))
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new AppError('CONFIG_FILE_FAILED', { path: file.path, reason }, { cause: error })
    }
  }
}

async function readText(files: FileTree, path: string): Promise<string | null> {
  try {
    return new TextDecoder().decode(await files.read(path, { maxBytes: MAX_CONFIG_BYTES }))
  } catch (error) {
    if (error instanceof AppError && error.code === 'FILE_NOT_FOUND') return null
    throw error
  }
}
