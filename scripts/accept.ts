// `npm run accept -- NAME`: prints each line of an issue's "It must reach" with its figure and whether it holds.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'

/** One line of what must be reached. */
export interface AcceptanceLine {
  /** The requirement, in the words. */
  readonly requirement: string
  /** Measures; answers the figure as a person reads it, and whether it meets the requirement. */
  measure(): Promise<{ readonly figure: string; readonly passed: boolean }>
}

const folder = path.resolve(import.meta.dirname, '../bench/accept')
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => path.basename(file, '.ts'))
const [name, ...only] = process.argv.slice(2)

if (!name || !names.includes(name) || !existsSync(path.join(folder, `${name}.ts`))) {
  console.error(`usage: npm run accept -- NAME [part of a line …]\nNAME is one of: ${names.join(', ')}`)
  process.exit(2)
}

const { lines, finish } = (await import(pathToFileURL(path.join(folder, `${name}.ts`)).href)) as {
  readonly lines: readonly AcceptanceLine[]
  /** Ends what lines share. */
  readonly finish?: () => Promise<void>
}
const results: { requirement: string; figure: string; passed: boolean }[] = []
for (const line of lines) {
  if (only.length > 0 && !only.some((part) => line.requirement.includes(part))) continue
  const result = await line.measure().catch((error: unknown) => ({
    figure: `could not be measured: ${error instanceof Error ? error.message : String(error)}`,
    passed: false,
  }))
  results.push({ requirement: line.requirement, ...result })
  console.log(`${result.passed ? 'pass' : 'FAIL'}  ${line.requirement}\n      ${result.figure}`)
}

await finish?.()
const failed = results.filter((result) => !result.passed).length
mkdirSync(path.resolve(folder, '../results'), { recursive: true })
writeFileSync(path.resolve(folder, `../results/accept-${name}.json`), `${JSON.stringify(results, null, 2)}\n`)
console.log(`${results.length - failed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
