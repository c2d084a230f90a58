import type { CommandIo, CommandOutput } from './command-io.ts'

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, cyan: 36 } as const
export type Colour = keyof typeof CODES
export type Paint = (colour: Colour, text: string) => string

/** Colours for a terminal; plain text for everything else and where `NO_COLOR` is set. */
export function paintFor(output: CommandOutput, env: CommandIo['env']): Paint {
  const isPlain = output.isTTY !== true || (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb'
  return isPlain ? (_colour, text) => text : (colour, text) => `\u001B[${CODES[colour]}m${text}\u001B[0m`
}

// oxlint-disable-next-line no-control-regex -- what a terminal obeys or hides
const UNPRINTABLE = /[\u0000-\u001F\u007F-\u009F\u200E\u200F\u2028-\u202E\u2066-\u2069]/g

/** Text of a file as one visible line: an egg must not steer the terminal of whoever looks at it. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    if (character === '\n') return '⏎'
    if (character === '\t') return ' '
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

/** "1 file", "1,107 files". */
export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? singular : plural}`
}
