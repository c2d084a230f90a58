import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { bracketMatching, indentOnInput } from '@codemirror/language'
import { highlightSelectionMatches, openSearchPanel, search, searchKeymap } from '@codemirror/search'
import { Compartment, EditorState, type Text } from '@codemirror/state'
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from '@codemirror/view'
import { editorLook } from './editor-look.ts'
import { languageOf } from './languages.ts'

export interface EditorOptions {
  readonly parent: HTMLElement
  readonly name: string
  readonly text: string
  readonly label: string
  readonly isReadOnly: boolean
  readonly isWrapped: boolean
  /** The words of the search panel in the language of the page. */
  readonly phrases: Readonly<Record<string, string>>
  readonly onChange: (isDirty: boolean) => void
  readonly onCursor: (line: number, column: number) => void
  readonly onSave: () => void
}

export interface Editor {
  readonly text: () => string
  /** This is what is stored now; what was typed meanwhile is not. */
  markSaved(stored: string): void
  replace(text: string): void
  wrap(isWrapped: boolean): void
  find(): void
  focus(): void
  destroy(): void
}

/**
 * An editor of text. It lives in a shadow tree, where its styles are adopted sheets: the page's policy forbids style elements.
 * What was not edited comes out byte for byte as it went in, whatever its lines end with.
 */
export function createEditor(options: EditorOptions): Editor {
  const { parent, name, text, label, isReadOnly, phrases, onChange, onCursor, onSave } = options
  const root = parent.shadowRoot ?? parent.attachShadow({ mode: 'open' })
  const [language, wrapping] = [new Compartment(), new Compartment()]
  let saved: Text | undefined
  const view = new EditorView({
    root,
    parent: root as unknown as Element,
    state: EditorState.create({
      doc: text,
      extensions: [
        EditorState.lineSeparator.of(lineEnd(text)),
        EditorState.phrases.of(phrases),
        EditorState.readOnly.of(isReadOnly),
        EditorView.contentAttributes.of({
          'aria-label': label,
          tabindex: '0',
          ...(isReadOnly ? { 'aria-readonly': 'true' } : {}),
        }),
        lineNumbers(),
        highlightActiveLine(),
        highlightActiveLineGutter(),
        highlightSpecialChars(),
        highlightSelectionMatches(),
        drawSelection(),
        history(),
        indentOnInput(),
        bracketMatching(),
        search({ top: true }),
        wrapping.of(options.isWrapped ? EditorView.lineWrapping : []),
        language.of([]),
        editorLook,
        keymap.of([
          {
            key: 'Mod-s',
            preventDefault: true,
            run: () => {
              onSave()
              return true
            },
          },
          ...searchKeymap,
          ...historyKeymap,
          indentWithTab,
          ...defaultKeymap,
        ]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onChange(!(saved?.eq(update.state.doc) ?? true))
          if (update.docChanged || update.selectionSet) tellCursor()
        }),
      ],
    }),
  })
  saved = view.state.doc
  let isAlive = true
  languageOf(name).then(
    (extension) => isAlive && view.dispatch({ effects: language.reconfigure(extension) }),
    (error: unknown) => console.warn(`The colours of ${name} could not be loaded.`, error),
  )

  function tellCursor(): void {
    const { head } = view.state.selection.main
    const line = view.state.doc.lineAt(head)
    onCursor(line.number, head - line.from + 1)
  }

  return {
    text: () => view.state.sliceDoc(),
    markSaved(stored) {
      saved = view.state.toText(stored)
      onChange(!saved.eq(view.state.doc))
    },
    replace(next) {
      view.dispatch({ changes: changeTo(view.state.doc, view.state.toText(next)) })
    },
    wrap: (isWrapped) => view.dispatch({ effects: wrapping.reconfigure(isWrapped ? EditorView.lineWrapping : []) }),
    find: () => void openSearchPanel(view),
    focus: () => view.focus(),
    destroy() {
      isAlive = false
      view.destroy()
    },
  }
}

/** The part that differs, so that the cursor and what was undone before stay where they are. */
function changeTo(before: Text, after: Text): { from: number; to: number; insert: Text } {
  const [old, next] = [before.toString(), after.toString()]
  const most = Math.min(old.length, next.length)
  let start = 0
  while (start < most && old[start] === next[start]) start += 1
  let end = 0
  while (end < most - start && old.at(-1 - end) === next.at(-1 - end)) end += 1
  return { from: start, to: old.length - end, insert: after.slice(start, next.length - end) }
}

/** Only what ends every line may stand for an end of line, or the others would be lost. */
function lineEnd(text: string): string {
  const all = text.match(/\r\n|\r|\n/g) ?? []
  return all.length > 0 && all.every((end) => end === '\r\n') ? '\r\n' : '\n'
}
