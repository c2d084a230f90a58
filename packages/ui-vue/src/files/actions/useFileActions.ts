import type { RenameRule } from '@hatchery/core/renames'
import type { FileFailures } from '@hatchery/core/sdk'
import { useQueryClient } from '@tanstack/vue-query'
import { useI18n } from 'vue-i18n'
import { usePanel } from '../../api/panel.ts'
import { queryKeys } from '../../api/query-keys.ts'
import { useToasts } from '../../shell/toasts.ts'
import { useAction } from '../../shell/useAction.ts'
import { joinPath, shownName } from '../file-path.ts'
import { saveFrom } from './download-file.ts'

/** Most paths that one call takes. */
const MOST_AT_ONCE = 1000

export const ARCHIVE_FORMATS = ['zip', 'tar.gz', 'tar.zst', 'tar'] as const
export type ArchiveFormat = (typeof ARCHIVE_FORMATS)[number]

export interface Move {
  readonly from: string
  readonly to: string
}

export interface Pull {
  readonly url: string
  readonly directory: string
  readonly name?: string
  readonly replace?: boolean
}

export interface ModeChange {
  readonly path: string
  readonly mode: number
  readonly isRecursive?: boolean
  /** For directories, when it is recursive. */
  readonly directoryMode?: number
}

/** What is done to files of a server. Each says what became of it, and the lists that show it are read again. */
export function useFileActions(server: () => string) {
  const { t, te } = useI18n()
  const { client } = usePanel()
  const queries = useQueryClient()
  const toasts = useToasts()
  const params = (): { server: string } => ({ server: server() })

  async function refresh(): Promise<void> {
    await Promise.all([
      queries.invalidateQueries({ queryKey: queryKeys.files(server()) }),
      queries.invalidateQueries({ queryKey: queryKeys.trash(server()) }),
    ])
  }

  /** Says how much was done, and why the rest was not. */
  function report(result: FileFailures, done: string, undo?: () => unknown): void {
    const [first] = result.failures
    if (result.done > 0) {
      toasts.show({ tone: 'ok', title: done, action: undo && { label: t('files.undo'), run: undo } })
    }
    if (!first) return
    const reason = te(`errors.${first.error.code}`)
      ? t(`errors.${first.error.code}`, { path: shownName(first.path), reason: first.error.message })
      : first.error.message
    toasts.show({
      tone: 'danger',
      title: t('files.failed', { count: result.failures.length, reason }, result.failures.length),
      details: result.failures.map(({ path, error }) => `${path}: ${error.code}: ${error.message}`).join('\n'),
    })
  }

  async function inParts<T>(all: readonly T[], run: (part: readonly T[]) => Promise<FileFailures>) {
    let [done, failures] = [0, [] as FileFailures['failures']]
    for (let from = 0; from < all.length; from += MOST_AT_ONCE) {
      const result = await run(all.slice(from, from + MOST_AT_ONCE))
      done += result.done
      failures = [...failures, ...result.failures]
    }
    return { done, failures }
  }

  const restoreItems = useAction(
    (ids: readonly string[]) =>
      inParts(ids, (part) => client.restoreTrash({ params: params(), body: { items: part.map((id) => ({ id })) } })),
    {
      onSuccess(result) {
        report(result, t('files.restored', result.done))
        return refresh()
      },
    },
  )
  /** Takes a deletion back. */
  const restore = useAction(async (paths: readonly string[]) => {
    const { data } = await client.listTrash({ params: params() })
    // Newest first: the one that was deleted last is the one that is meant.
    await restoreItems.mutateAsync(paths.flatMap((path) => data.find((item) => item.path === path)?.id ?? []))
  })

  const remove = useAction(
    (paths: readonly string[]) =>
      inParts(paths, (part) => client.deleteFiles({ params: params(), body: { paths: part } })),
    {
      onSuccess(result, paths) {
        const gone = paths.filter((path) => !result.failures.some((failure) => failure.path === path))
        report(result, t('files.deleted', result.done), () => restore.mutate(gone))
        return refresh()
      },
    },
  )

  const move = useAction(
    (moves: readonly Move[]) => inParts(moves, (part) => client.moveFiles({ params: params(), body: { moves: part } })),
    {
      onSuccess(result, moves) {
        const isUndone = result.failures.length > 0
        const back = moves.map(({ from, to }) => ({ from: to, to: from }))
        report(result, t('files.moved', result.done), isUndone ? undefined : () => move.mutate(back))
        return refresh()
      },
    },
  )

  const create = useAction(
    (
      body:
        | { readonly path: string; readonly type: 'file' | 'directory' }
        | { readonly path: string; readonly type: 'symlink'; readonly target: string },
    ) => client.createFile({ params: params(), body }),
    { quiet: true, onSuccess: refresh },
  )

  const chmod = useAction(
    (body: { readonly changes: readonly ModeChange[] }) => client.changeFileModes({ params: params(), body }),
    {
      onSuccess(result) {
        report(result, t('files.modeChanged', result.done))
        return refresh()
      },
    },
  )

  const started = { onSuccess: () => toasts.show({ tone: 'info', title: t('files.started') }) }
  const copy = useAction((body: Move) => client.copyFile({ params: params(), body }), started)
  const pack = useAction(
    (body: {
      readonly directory: string
      readonly names: readonly string[]
      readonly to: string
      readonly format: ArchiveFormat
    }) => client.packFiles({ params: params(), body }),
    started,
  )
  const unpack = useAction(
    (body: { readonly path: string; readonly to: string; readonly members?: readonly string[] }) =>
      client.unpackFile({ params: params(), body }),
    started,
  )

  const pull = useAction((body: Pull) => client.pullFile({ params: params(), body }), { ...started, quiet: true })
  const renameAll = useAction(
    (body: { readonly directory: string; readonly names: readonly string[]; readonly rules: readonly RenameRule[] }) =>
      client.renameFiles({ params: params(), body }),
    {
      quiet: true,
      onSuccess({ renames }, { directory }) {
        const done = renames.filter(({ from, to }) => from !== to)
        const given = new Set(done.map(({ from }) => from))
        const back = done.map(({ from, to }) => ({ from: joinPath(directory, to), to: joinPath(directory, from) }))
        // Names that were handed round cannot be given back one after the other.
        const isUndone = done.length > MOST_AT_ONCE || done.some(({ to }) => given.has(to))
        report(
          { done: done.length, failures: [] },
          t('files.moved', done.length),
          isUndone ? undefined : () => move.mutate(back),
        )
        return refresh()
      },
    },
  )
  const download = useAction(
    async (body: { readonly directory: string; readonly names: readonly string[] }) =>
      saveFrom((await client.prepareDownload({ params: params(), body })).url),
    { done: () => t('files.downloadStarted') },
  )

  return { refresh, restoreItems, remove, move, create, chmod, copy, pack, unpack, pull, renameAll, download }
}

export type FileActions = ReturnType<typeof useFileActions>
