import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'

export type Bump = 'none' | 'patch' | 'minor' | 'major'

const ORDER: readonly Bump[] = ['none', 'patch', 'minor', 'major']

export const isAtLeast = (bump: Bump, needed: Bump): boolean => ORDER.indexOf(bump) >= ORDER.indexOf(needed)

/** The largest step that the changesets of a folder announce for a package. */
export function pendingBump(folder: string, name: string): Bump {
  let largest: Bump = 'none'
  for (const file of readdirSync(folder)) {
    if (!file.endsWith('.md') || file === 'README.md') continue
    const [, head = ''] = /^---\r?\n([\s\S]*?)\r?\n---/.exec(readFileSync(path.join(folder, file), 'utf8')) ?? []
    for (const line of head.split('\n')) {
      const [, announced, bump] = /^['"]?([^'"]+)['"]?:\s*(\w+)\s*$/.exec(line) ?? []
      const step = ORDER.find((each) => each === bump)
      if (announced === name && step !== undefined && isAtLeast(step, largest)) largest = step
    }
  }
  return largest
}
