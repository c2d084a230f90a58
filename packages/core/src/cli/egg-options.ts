import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'
import { UsageError } from './command-io.ts'

const COMMON = {
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

/**
 * Splits a command line into options and files.
 * @throws UsageError for an option that the verb does not have
 */
export function parseOptions<const O extends ParseArgsOptionsConfig>(argv: readonly string[], options: O) {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: { ...COMMON, ...options },
      allowPositionals: true,
    })
    return { values, files: positionals }
  } catch (error) {
    if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) {
      throw new UsageError(error.message.split('. ')[0], { cause: error })
    }
    throw error
  }
}
