// `npm run bench [NAME …]`: measures, prints a table and writes bench/results/NAME.json. Nothing here passes or fails.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'

/** One measured figure. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly note?: string
}

const wanted = process.argv.slice(2)
const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.bench.ts'))
mkdirSync(path.join(import.meta.dirname, 'results'), { recursive: true })
for (const file of files) {
  const name = path.basename(file, '.bench.ts')
  if (wanted.length > 0 && !wanted.includes(name)) continue
  console.log(`\n${name}`)
  const { bench } = (await import(pathToFileURL(path.join(import.meta.dirname, file)).href)) as {
    bench(): Promise<readonly Figure[]>
  }
  const figures = await bench()
  for (const figure of figures) {
    console.log(
      `  ${figure.name.padEnd(56)} ${format(figure.value).padStart(12)} ${figure.unit}${figure.note ? `  (${figure.note})` : ''}`,
    )
  }
  writeFileSync(path.join(import.meta.dirname, 'results', `${name}.json`), `${JSON.stringify(figures, null, 2)}\n`)
}

function format(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(value >= 10 ? 1 : 2)
}
