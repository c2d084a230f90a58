import { HatcheryError } from '@hatchery/core/sdk'
import { useQueryClient } from '@tanstack/vue-query'
import { shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { usePanel } from '../../api/panel.ts'
import { queryKeys } from '../../api/query-keys.ts'
import { useToasts } from '../../shell/toasts.ts'
import { useAction } from '../../shell/useAction.ts'
import { nameOf, pathToQuery, shownName } from '../file-path.ts'
import { openFile } from './read-text.ts'

/** What somebody else made of a file meanwhile; without a text it is gone or no text any more. */
export interface OtherVersion {
  readonly text: string | undefined
  readonly revision: number | undefined
}

/** Saves a file only if nobody changed it since it was read; otherwise tells what it is now. */
export function useFileSave(server: () => string, path: () => string) {
  const { t } = useI18n()
  const { client } = usePanel()
  const queries = useQueryClient()
  const toasts = useToasts()
  const other = shallowRef<OtherVersion>()

  async function readOther(): Promise<OtherVersion> {
    try {
      const file = await openFile(client, server(), path())
      if (file.kind === 'text') return file
      const { revision } = await client.getFile({ params: { server: server() }, query: pathToQuery(path()) })
      return { text: undefined, revision }
    } catch (error) {
      if (error instanceof HatcheryError && error.code === 'FILE_NOT_FOUND')
        return { text: undefined, revision: undefined }
      throw error
    }
  }

  /** Answers with the new revision, or with nothing when there is another version to decide about. */
  const save = useAction(async ({ text, revision }: { text: string; revision: number | undefined }) => {
    try {
      const entry = await client.writeFile({
        params: { server: server() },
        query: pathToQuery(path()),
        body: new Blob([text]),
        ifMatch: revision,
      })
      other.value = undefined
      toasts.show({ tone: 'ok', title: t('files.editor.saved', { name: shownName(nameOf(path())) }) })
      void queries.invalidateQueries({ queryKey: queryKeys.files(server()) })
      return entry.revision
    } catch (error) {
      const isOther =
        error instanceof HatcheryError &&
        (error.code === 'REVISION_MISMATCH' || (error.code === 'FILE_NOT_FOUND' && revision !== undefined))
      if (!isOther) throw error
      other.value = await readOther()
      return undefined
    }
  })
  return { save, other }
}
