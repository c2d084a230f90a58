import type { Breakage } from '../broken/break-source.ts'

/** File trees that break a promise; the sweep has to notice each. */
export const BREAKAGES: Readonly<Record<string, Breakage>> = {
  'writes in place': {
    file: 'files/write-file.ts',
    find: 'for await (const piece of source) await file.writeFile(piece)',
    replace: `{
      using there = await walkTo(ctx, path, { followLast: true, makesDirectories: true })
      const flagsInPlace = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC
      await using inPlace = await open(below(there.parent, there.name!), flagsInPlace, 0o644)
      for await (const piece of source) { await inPlace.writeFile(piece); await file.writeFile(piece) }
    }`,
  },
  'keeps two names after a move that failed': {
    file: 'files/change-names.ts',
    find: 'await unlink(fresh).catch(() => undefined) // the first error counts',
    replace: '',
  },
  'leaves files open': {
    file: 'files/open-beneath.ts',
    find: 'using opened = new DisposableStack()',
    replace: 'const opened = new DisposableStack()',
  },
  'forgets what is unfinished': {
    file: 'files/tidy.ts',
    find: 'if (info && info.mtimeMs < before)',
    replace: 'if (info && info.mtimeMs < 0)',
  },
  'says that it was done when the disk did not take it': {
    file: 'files/write-file.ts',
    find: 'await file.sync()\n  const key',
    replace: 'await file.sync().catch(() => undefined)\n  const key',
  },
  'lets errors out without a code': {
    file: 'files/file-errors.ts',
    find: "case 'EIO':",
    replace: '',
  },
}
