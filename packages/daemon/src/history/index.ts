export { historyOf } from './file-history.ts'
export { SavedEdits, keepingBefore } from './keep-edits.ts'
export { giveUpHistory, keepBefore, keepSaved, limitsFor, type HistoryFiles } from './keep-saves.ts'
