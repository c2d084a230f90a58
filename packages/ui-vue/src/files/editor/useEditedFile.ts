import { useQuery } from '@tanstack/vue-query'
import { computed, shallowRef, watch, type Ref } from 'vue'
import { usePanel } from '../../api/panel.ts'
import { queryKeys } from '../../api/query-keys.ts'
import { openFile } from './read-text.ts'
import { useFileSave } from './useFileSave.ts'

/** What the page needs of the editor in it. */
export interface EditorHandle {
  text(): string
  markSaved(stored: string): void
  replace(text: string): void
}

/** A file that is open for editing: what it holds, whether that is stored, and what to do when somebody else stored it too. */
export function useEditedFile(options: {
  readonly server: () => string
  readonly path: Readonly<Ref<string>>
  /** A file inside the archive at the path. */
  readonly member: Readonly<Ref<string | undefined>>
  readonly mayWrite: () => boolean
  readonly editor: Readonly<Ref<EditorHandle | null>>
}) {
  const { server, path, member, editor } = options
  const { client } = usePanel()
  const query = useQuery({
    queryKey: computed(() => [...queryKeys.fileContent(server(), path.value), member.value]),
    queryFn: ({ signal }) => openFile(client, server(), path.value, signal, member.value),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  })
  /** What was decompressed to be read, or lies in an archive, has nowhere to be saved. */
  const mayWrite = (): boolean => options.mayWrite() && query.data.value?.kind === 'text' && !query.data.value.fixed
  const { save, other } = useFileSave(server, () => path.value)
  const isDirty = shallowRef(false)
  const revision = shallowRef<number>()
  watch(query.data, (file) => (revision.value = file?.kind === 'text' ? file.revision : undefined), { immediate: true })
  watch([path, member], () => {
    isDirty.value = false
    other.value = undefined
  })

  async function store(base: number | undefined): Promise<void> {
    if (!editor.value || !mayWrite() || save.isPending.value) return
    const text = editor.value.text()
    // The error is said already; the text stays, and so does its mark.
    const next = await save.mutateAsync({ text, revision: base }).catch(() => undefined)
    if (next === undefined) return
    revision.value = next
    editor.value?.markSaved(text)
  }

  return {
    query,
    mayWrite: computed(mayWrite),
    /** Why it cannot be saved, whoever asks. */
    fixed: computed(() => (query.data.value?.kind === 'text' ? query.data.value.fixed : undefined)),
    isDirty,
    /** The one that the editor's text began with. */
    revision,
    other,
    isSaving: save.isPending,
    save: () => store(revision.value),
    takeMine: () => store(other.value?.revision),
    /** Takes what somebody has stored in place of what the editor holds. */
    takeStored(text: string, stored: number): void {
      editor.value?.replace(text)
      editor.value?.markSaved(text)
      revision.value = stored
    },
    takeTheirs(): void {
      const { text, revision: theirs } = other.value ?? {}
      if (text === undefined) return
      editor.value?.replace(text)
      editor.value?.markSaved(text)
      revision.value = theirs
      other.value = undefined
    },
  }
}
