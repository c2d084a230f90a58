import { rename, rm, writeFile } from 'node:fs/promises'
import { exportEgg, fixEgg, type EggFinding, type EggFormat, type ExportFormat } from '../eggs/index.ts'
import { UsageError, type CommandIo } from './command-io.ts'
import { readEggFile, type ReadEgg } from './read-egg-file.ts'

/** The formats that can be written; an older one would have to become another. */
const WRITABLE: Readonly<Partial<Record<EggFormat, ExportFormat>>> = {
  PTDL_v2: 'PTDL_v2',
  PLCN_v3: 'PLCN_v3',
  calagopus: 'calagopus',
  hatchery: 'hatchery',
}

export interface FixedFile {
  /** The file as it is now. */
  readonly read: ReadEgg
  /** How many findings were dealt with. */
  readonly count: number
}

/** Makes the edits of these findings in the file itself, in its own format; what a person has to decide stays. */
export async function fixFile(
  read: ReadEgg,
  findings: readonly EggFinding[],
  io: Pick<CommandIo, 'stdin'>,
): Promise<FixedFile> {
  const { egg, format, file } = read
  const target = format === null ? undefined : WRITABLE[format]
  const edited = findings.filter(({ edit }) => edit !== undefined)
  if (egg === null || target === undefined || edited.length === 0) return { read, count: 0 }
  const { text } = await exportEgg(fixEgg(egg, edited), target)
  await replaceFile(file, text)
  return { read: await readEggFile(read, io), count: edited.length }
}

/** All of it or nothing: whoever reads the file meanwhile sees one of the two. */
async function replaceFile(file: string, text: string): Promise<void> {
  const temporary = `${file}.fixing`
  try {
    await writeFile(temporary, text, { flag: 'wx' })
    await rename(temporary, file)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    if (error.code !== 'EEXIST') await rm(temporary, { force: true })
    throw new UsageError(`${file} cannot be written (${String(error.code)}).`, { cause: error })
  }
}
