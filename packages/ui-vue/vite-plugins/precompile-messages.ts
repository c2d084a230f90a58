import { baseCompile } from '@intlify/message-compiler'
import type { Plugin } from 'vite'

/**
 * Turns messages with placeholders into syntax trees at build time, so that the message compiler stays out of the
 * browser. A message without `{`, `|` or `@` needs no compiling and stays a string.
 */
export function precompileMessages(): Plugin {
  return {
    name: 'hatchery:precompile-messages',
    enforce: 'pre',
    transform(code, id) {
      const path = id.split('?')[0] ?? id
      if (!/\/i18n\/[a-z]{2}\/[\w-]+\.json$/.test(path)) return undefined
      const messages: unknown = JSON.parse(code)
      return JSON.stringify(compileTree(messages))
    },
  }
}

function compileTree(node: unknown): unknown {
  if (typeof node === 'string') return /[{|@]/.test(node) ? compileMessage(node) : node
  if (typeof node !== 'object' || node === null) return node
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, compileTree(value)]))
}

function compileMessage(message: string): unknown {
  const { ast } = baseCompile(message, {
    jit: true,
    location: false,
    minify: true,
    optimize: true,
    onError(error) {
      throw new Error(`The message "${message}" is not valid: ${error.message}`)
    },
  })
  return ast
}
