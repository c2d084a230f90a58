import { computed, shallowRef, watch, type Ref } from 'vue'
import { loadMessages } from '../../i18n/i18n.ts'
import { usePreference } from '../../shell/preference.ts'
import type { OpenedFile } from '../editor/read-text.ts'
import { schemaOf, type ConfigSchema } from './config-schema.ts'

/** Whether a file has a form, whether that is shown, and the text that the form shows: what the editor holds now. */
export function useFormView(options: {
  readonly path: Readonly<Ref<string>>
  readonly member: Readonly<Ref<string | undefined>>
  readonly query: Readonly<Ref<OpenedFile | undefined>>
  readonly editor: Readonly<Ref<{ text(): string } | null>>
}) {
  const { path, member, query, editor } = options
  const view = usePreference('files-form', ['form', 'text'], 'form')
  const schema = shallowRef<ConfigSchema>()
  const text = shallowRef('')
  watch(
    query,
    (file) => {
      if (file?.kind === 'text') text.value = file.text
    },
    { immediate: true },
  )
  watch(
    [path, member],
    async ([at, inside]) => {
      schema.value = undefined
      const load = schemaOf(inside ?? at)
      if (!load) return
      const loaded = await load()
      await loadMessages([loaded.messages])
      if (path.value === at && member.value === inside) schema.value = loaded
    },
    { immediate: true },
  )
  return {
    schema: computed(() => (query.value?.kind === 'text' ? schema.value : undefined)),
    view,
    text,
    /** The editor's text has changed. */
    onEdit: (_isDirty: boolean): void => void (text.value = editor.value?.text() ?? text.value),
  }
}
