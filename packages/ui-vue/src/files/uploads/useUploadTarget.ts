import { HatcheryError } from '@hatchery/core/sdk'
import { useAction } from '../../shell/useAction.ts'
import { usePanel } from '../../api/panel.ts'
import { directoryOf, joinPath, stepsOf } from '../file-path.ts'
import type { PickedFile } from './dropped-files.ts'
import { useUploads } from './upload-store.ts'

/** Takes picked or dropped files to a directory; folders among them are made first. */
export function useUploadTarget(server: () => string, directory: () => string) {
  const { client } = usePanel()
  const uploads = useUploads()

  return useAction(async (picked: readonly PickedFile[]) => {
    const [target, at] = [server(), directory()]
    const folders = new Set(picked.flatMap(({ path }) => stepsOf(directoryOf(path)).map((step) => step.path)))
    // Shorter paths first: a folder lies in one that is there by then.
    for (const folder of [...folders].toSorted((one, other) => one.length - other.length)) {
      await client
        .createFile({ params: { server: target }, body: { path: joinPath(at, folder), type: 'directory' } })
        .catch((error: unknown) => {
          if (!(error instanceof HatcheryError && error.code === 'FILE_EXISTS')) throw error
        })
    }
    uploads.add(
      target,
      picked.map(({ path, file }) => ({ path: joinPath(at, path), file })),
    )
  })
}
