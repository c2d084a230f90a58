// The tenant: swaps a directory for a link that leads out, and back, as fast as it can.
//   node swap.ts <data directory> <outside directory>
import { existsSync, lstatSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import process from 'node:process'

const [data, outside] = process.argv.slice(2) as [string, string]
const [directory, link, real] = [`${data}/dir`, `${data}/link`, `${data}/real`]
symlinkSync(outside, link)
process.send?.('ready')
for (;;) {
  try {
    repair()
    for (;;) {
      renameSync(directory, real)
      renameSync(link, directory)
      renameSync(directory, link)
      renameSync(real, directory)
    }
  } catch {
    // The agent made the directory anew in the moment without one; the next round puts everything back.
  }
}

function repair(): void {
  if (existsSync(real)) {
    if (lstatSync(directory, { throwIfNoEntry: false })?.isSymbolicLink()) renameSync(directory, link)
    else rmSync(directory, { recursive: true, force: true })
    renameSync(real, directory)
  }
  if (!lstatSync(link, { throwIfNoEntry: false })) symlinkSync(outside, link)
}
