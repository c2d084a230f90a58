import type { Finding } from './read-egg-file.ts'
import { printable, type Colour, type Paint } from './terminal.ts'

const COLOURS: Readonly<Record<Finding['severity'], Colour>> = { error: 'red', warning: 'yellow', info: 'blue' }

/** One line for each finding, the worst first, below the headline of its file. */
export function findingLines(findings: readonly Finding[], paint: Paint): string[] {
  const order = Object.keys(COLOURS)
  return findings
    .toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity))
    .map(({ severity, code, pointer, message }) => {
      const place = pointer === '' ? '' : ` ${paint('cyan', printable(pointer))}`
      return `  ${paint(COLOURS[severity], severity.padEnd(7))} ${paint('dim', code)}${place} ${printable(message)}`
    })
}
