/**
 * Writes what is derived from the API contracts: `openapi.json`, the SDK's types and its endpoint table.
 * `npm run generate` writes; with `--check` nothing is written and a stale file makes the exit code 1.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { generatedFiles } from '../packages/core/src/sdk/generate/generated-files.ts'

const isCheck = process.argv.includes('--check')
const core = new URL('../packages/core/', import.meta.url)
let staleCount = 0

for (const [path, text] of generatedFiles()) {
  const file = new URL(path, core)
  if (readOrNothing(file) === text) continue
  staleCount += 1
  if (isCheck) {
    console.error(`packages/core/${path} is stale. Run \`npm run generate\` and commit it.`)
  } else {
    writeFileSync(file, text)
    console.log(`wrote packages/core/${path}`)
  }
}
if (isCheck && staleCount > 0) process.exitCode = 1

function readOrNothing(file: URL): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
