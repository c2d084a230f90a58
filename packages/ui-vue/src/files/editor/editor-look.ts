import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import type { Extension } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { tags } from '@lezer/highlight'

const theme = EditorView.theme({
  '&': { height: '100%', color: 'var(--hy-console-text)', backgroundColor: 'var(--hy-console-bg)', fontSize: '13px' },
  '&.cm-focused': { outline: '2px solid var(--hy-accent)', outlineOffset: '-2px' },
  '.cm-scroller': { fontFamily: "ui-monospace, 'Cascadia Mono', Menlo, Consolas, monospace", lineHeight: '1.5' },
  '.cm-content': { caretColor: 'var(--hy-text)' },
  '.cm-cursor': { borderLeftColor: 'var(--hy-text)' },
  '.cm-gutters': {
    backgroundColor: 'var(--hy-console-bg)',
    color: 'var(--hy-console-muted)',
    borderRight: '1px solid var(--hy-border)',
  },
  '.cm-activeLine, .cm-activeLineGutter': {
    backgroundColor: 'color-mix(in srgb, var(--hy-hover) 45%, transparent)',
  },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    background: 'color-mix(in srgb, var(--hy-accent) 30%, transparent)',
  },
  '.cm-searchMatch': { backgroundColor: 'var(--hy-console-mark)' },
  '.cm-searchMatch-selected': { outline: '2px solid var(--hy-accent)' },
  '.cm-matchingBracket': { outline: '1px solid var(--hy-accent)', backgroundColor: 'transparent !important' },
  '.cm-panels': { backgroundColor: 'var(--hy-raised)', color: 'var(--hy-text)' },
  '.cm-panels.cm-panels-top': { borderBottom: '1px solid var(--hy-border)' },
  '.cm-panel.cm-search': { padding: '8px', fontFamily: 'system-ui, sans-serif' },
  '.cm-panel.cm-search label': { fontSize: '13px' },
  '.cm-panel .cm-textfield': {
    minHeight: '28px',
    fontSize: '13px',
    padding: '2px 8px',
    border: '1px solid var(--hy-border-strong)',
    borderRadius: '6px',
    backgroundColor: 'var(--hy-surface)',
    color: 'var(--hy-text)',
  },
  '.cm-panel .cm-button': {
    minHeight: '28px',
    fontSize: '13px',
    padding: '2px 10px',
    border: '1px solid var(--hy-border)',
    borderRadius: '6px',
    background: 'var(--hy-surface)',
    color: 'var(--hy-text)',
  },
  '.cm-panel.cm-search [name=close]': {
    fontSize: '20px',
    minWidth: '28px',
    minHeight: '28px',
    color: 'var(--hy-text)',
  },
})

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword], color: 'var(--hy-ansi-5)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--hy-ansi-2)' },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'var(--hy-ansi-3)' },
  { tag: [tags.propertyName, tags.definition(tags.propertyName), tags.attributeName], color: 'var(--hy-ansi-4)' },
  { tag: [tags.tagName, tags.typeName, tags.className, tags.definition(tags.variableName)], color: 'var(--hy-ansi-6)' },
  { tag: [tags.comment, tags.meta], color: 'var(--hy-console-muted)', fontStyle: 'italic' },
  { tag: tags.heading, fontWeight: 'bold' },
  { tag: tags.invalid, color: 'var(--hy-danger)' },
])

/** The editor in the colours of the page, whichever theme it has. */
export const editorLook: Extension = [theme, syntaxHighlighting(colours)]
