import { flushPromises } from '@vue/test-utils'
import { expect, test, vi } from 'vitest'
import { computed, defineComponent, h, provide } from 'vue'
import { SERVER } from '../../server/server-context.ts'
import { useConfirm } from '../../shell/confirm.ts'
import { someServer } from '../../testing/fixtures.ts'
import { accessibilityProblems, mountInApp, refuse, type Replies } from '../../testing/mount-app.ts'
import { createEditor } from './create-editor.ts'
import FileEditorPage from './FileEditorPage.vue'

const base = `/servers/${someServer().id}/files`
const entry = { name: 'motd.txt', type: 'file', sizeBytes: 6, revision: 7 }
const bytes = (content: BlobPart, revision: number): Response =>
  new Response(new Blob([content]), { headers: { etag: `"${revision}"` } })

async function mountEditor(replies: Replies, permissions: readonly string[] = ['*']) {
  const server = someServer({ permissions })
  const Page = defineComponent(() => {
    provide(
      SERVER,
      computed(() => server),
    )
    return () => h('div', h(FileEditorPage))
  })
  const mounted = await mountInApp(Page, {
    replies: { [`GET ${base}/entry`]: entry, ...replies },
    path: `/servers/${server.shortId}/files/edit?path=motd.txt`,
  })
  await flushPromises()
  return mounted
}
const content = (): Element | null | undefined =>
  document.querySelector('[data-editor]')?.shadowRoot?.querySelector('.cm-content')
const button = (name: string): HTMLButtonElement | undefined =>
  [...document.querySelectorAll('button')].find((one) => one.textContent?.trim() === name)
const makeEditor = (text: string, name = 'a.txt') => {
  const parent = document.createElement('div')
  document.body.append(parent)
  const onChange = vi.fn<(isDirty: boolean) => void>()
  const onSave = vi.fn<() => void>()
  const editor = createEditor({
    parent,
    name,
    text,
    label: 'Content',
    isReadOnly: false,
    isWrapped: false,
    phrases: {},
    onChange,
    onSave,
    onCursor: () => undefined,
  })
  return { editor, onChange, onSave, parent }
}

test.each(['a\nb\n', 'a\r\nb\r\n', 'a\r\nb\n', '\uFEFFa\n', '', 'a\rb'])(
  'what was not edited comes out as it went in: %j',
  (text) => {
    const { editor } = makeEditor(text)
    expect(editor.text()).toBe(text)
    editor.destroy()
  },
)

test('knows whether the text is the one that is stored', () => {
  const { editor, onChange } = makeEditor('one')
  editor.replace('two')
  expect(onChange).toHaveBeenLastCalledWith(true)
  editor.replace('one')
  expect(onChange).toHaveBeenLastCalledWith(false)
  editor.replace('three')
  editor.markSaved('three')
  expect(onChange).toHaveBeenLastCalledWith(false)
  editor.destroy()
})

test('shows a text in an editor that names its file', async () => {
  const { wrapper } = await mountEditor({ [`GET ${base}/content`]: () => bytes('hello\n', 7) })
  await vi.waitFor(() => expect(content()?.textContent).toContain('hello'))
  expect(content()?.getAttribute('aria-label')).toBe('Content of motd.txt')
  expect(await accessibilityProblems(wrapper)).toEqual([])
})

test('saves only over the revision that was read, and shows what somebody else wrote meanwhile', async () => {
  const revisions: unknown[] = []
  let reads = 0
  const { wrapper } = await mountEditor({
    [`GET ${base}/content`]: () => (reads++ === 0 ? bytes('hello\n', 7) : bytes('theirs\n', 8)),
    [`PUT ${base}/content`]: () => {
      revisions.push('put')
      return revisions.length === 1 ? refuse(412, 'REVISION_MISMATCH', 'Changed.') : { ...entry, revision: 9 }
    },
  })
  await vi.waitFor(() => expect(content()).toBeTruthy())
  const { default: CodeEditor } = await import('./CodeEditor.vue')
  const editor = wrapper.findComponent(CodeEditor).vm as unknown as { replace(text: string): void; text(): string }
  editor.replace('mine\n')
  await flushPromises()
  expect(wrapper.text()).toContain('Unsaved changes')
  button('Save')?.click()
  await vi.waitFor(() => expect(document.body.textContent).toContain('motd.txt was changed meanwhile'))
  expect(document.querySelector('[data-kind=removed]')?.textContent).toContain('theirs')
  expect(document.querySelector('[data-kind=added]')?.textContent).toContain('mine')
  button('Overwrite with mine')?.click()
  await vi.waitFor(() => expect(wrapper.text()).toContain('Saved'))
  expect(revisions).toHaveLength(2)
})

test('takes the other version when that is wanted', async () => {
  let reads = 0
  const { wrapper } = await mountEditor({
    [`GET ${base}/content`]: () => (reads++ === 0 ? bytes('hello\n', 7) : bytes('theirs\n', 8)),
    [`PUT ${base}/content`]: () => refuse(412, 'REVISION_MISMATCH', 'Changed.'),
  })
  await vi.waitFor(() => expect(content()).toBeTruthy())
  const { default: CodeEditor } = await import('./CodeEditor.vue')
  const editor = wrapper.findComponent(CodeEditor).vm as unknown as { replace(text: string): void; text(): string }
  editor.replace('mine\n')
  await flushPromises()
  button('Save')?.click()
  await vi.waitFor(() => expect(button('Take theirs')).toBeTruthy())
  button('Take theirs')?.click()
  await flushPromises()
  expect(editor.text()).toBe('theirs\n')
  expect(wrapper.text()).not.toContain('Unsaved changes')
})

test('does not edit what is no text or too large, but offers to download it', async () => {
  const binary = await mountEditor({ [`GET ${base}/content`]: () => bytes(new Uint8Array([0, 255, 1]), 1) })
  await vi.waitFor(() => expect(binary.wrapper.text()).toContain('cannot be edited as text'))
  const large = await mountEditor({ [`GET ${base}/entry`]: { ...entry, sizeBytes: 90_000_000 } })
  await vi.waitFor(() => expect(large.wrapper.text()).toContain('too large'))
  expect(large.sent.some(({ path }) => path === `${base}/content`)).toBe(false)
})

test('a reader sees the text and cannot save it', async () => {
  const { wrapper } = await mountEditor({ [`GET ${base}/content`]: () => bytes('hello\n', 7) }, [
    'file.read',
    'file.read-content',
  ])
  await vi.waitFor(() => expect(content()?.getAttribute('aria-readonly')).toBe('true'))
  expect(wrapper.text()).toContain('not change it')
  expect(button('Save')).toBeUndefined()
})

test('asks before changes are lost', async () => {
  const { wrapper, router } = await mountEditor({ [`GET ${base}/content`]: () => bytes('hello\n', 7) })
  await vi.waitFor(() => expect(content()).toBeTruthy())
  const { default: CodeEditor } = await import('./CodeEditor.vue')
  const editor = wrapper.findComponent(CodeEditor).vm as unknown as { replace(text: string): void }
  editor.replace('mine\n')
  await flushPromises()
  const leaving = router.push({ name: 'dashboard' })
  const confirm = useConfirm()
  await vi.waitFor(() => expect(confirm.question?.title).toBe('Leave without saving motd.txt?'))
  confirm.answer(false)
  await leaving
  expect(router.currentRoute.value.name).toBe('server-file')
})
