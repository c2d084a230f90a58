import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { UsageError } from './command-io.ts'
import { expandGlob, isGlob } from './glob.ts'

/** A file to read, `-` for standard input. */
export interface EggFile {
  readonly file: string
  /** Where it lies below the folder it was found in; its bare name where it was named itself. */
  readonly relative: string
  /** Found in a folder or by a pattern: then it may be something else than an egg. */
  readonly isFound: boolean
}

const EGG_NAME = /\.(?:json|ya?ml)$/i

/**
 * The files that the names of a command line stand for, in the order of the names, each once. A folder stands for every
 * `.json`, `.yaml` and `.yml` below it, a pattern for what it matches. Folders called `node_modules` and those that begin
 * with a dot are passed over, and links to folders are not followed. A name that does not exist stays in the list, so that
 * reading it says so.
 * @throws UsageError when a folder or a pattern holds nothing to read
 */
export async function findEggFiles(names: readonly string[]): Promise<EggFile[]> {
  const files = new Map<string, EggFile>()
  for (const name of names) {
    for (const file of await filesOf(name)) {
      if (!files.has(file.file)) files.set(file.file, file)
    }
  }
  return [...files.values()]
}

async function filesOf(name: string): Promise<EggFile[]> {
  if (name === '-') return [{ file: '-', relative: 'egg', isFound: false }]
  const kind = await kindOf(name)
  if (kind === 'folder') return filesBelow(name)
  if (kind === 'missing' && isGlob(name)) {
    const matched = await expandGlob(name)
    if (matched.length === 0) throw new UsageError(`Nothing matches ${name}.`)
    const found: EggFile[] = []
    for (const match of matched) {
      if ((await kindOf(match)) === 'folder') found.push(...(await filesBelow(match)))
      else found.push({ file: match, relative: path.basename(match), isFound: true })
    }
    return found
  }
  return [{ file: name, relative: path.basename(name), isFound: false }]
}

async function filesBelow(folder: string): Promise<EggFile[]> {
  const found: EggFile[] = []
  const walk = async (inside: string): Promise<void> => {
    const entries = await readdir(path.join(folder, inside), { withFileTypes: true })
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const relative = path.join(inside, entry.name)
      if (entry.isDirectory()) {
        if (!entry.name.startsWith('.') && entry.name !== 'node_modules') await walk(relative)
      } else if (EGG_NAME.test(entry.name)) {
        found.push({ file: path.join(folder, relative), relative, isFound: true })
      }
    }
  }
  await walk('')
  if (found.length === 0) throw new UsageError(`${folder} holds no .json, .yaml or .yml file.`)
  return found
}

async function kindOf(name: string): Promise<'file' | 'folder' | 'missing'> {
  try {
    return (await stat(name)).isDirectory() ? 'folder' : 'file'
  } catch (error) {
    if (error instanceof Error && 'code' in error) return 'missing'
    throw error
  }
}
