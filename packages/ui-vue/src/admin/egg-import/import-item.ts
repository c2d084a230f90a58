import type { EggCheck, EggDiagnostic, EggUpdatePreview } from '@hatchery/core/sdk'

/** One egg on its way into the panel. */
export interface ImportItem {
  readonly id: number
  /** Name of the file, or the address. Empty for pasted text. */
  readonly name: string
  readonly text: string
  readonly fileName: string
  /** Where it was fetched from. */
  readonly url: string
  /**
   * `reading`: text or findings are under way; `ready`: seen, can be imported; `unreadable`: no egg; `failed`: reading or
   * importing went wrong; `importing`, `imported`.
   */
  readonly status: 'reading' | 'ready' | 'unreadable' | 'failed' | 'importing' | 'imported'
  readonly check: EggCheck | undefined
  /** What will not work or is risky; beside what was noticed while reading. */
  readonly findings: readonly EggDiagnostic[]
  /** What an update of the egg that is in the panel already would change. */
  readonly preview: EggUpdatePreview | undefined
  readonly onExisting: 'update' | 'create'
  /** Key below `eggs.import.problem`, for what never reached the panel. */
  readonly problem: 'tooLarge' | 'notRead' | undefined
  readonly error: unknown
  /** The egg it became. */
  readonly egg: string | undefined
}

/** The largest egg that the panel reads. */
export const MOST_EGG_BYTES = 1_048_576

export function newItem(id: number, change: Partial<ImportItem>): ImportItem {
  return {
    id,
    name: '',
    text: '',
    fileName: '',
    url: '',
    status: 'reading',
    check: undefined,
    findings: [],
    preview: undefined,
    onExisting: 'create',
    problem: undefined,
    error: undefined,
    egg: undefined,
    ...change,
  }
}

/** Whether pressing the button imports it: seen, and not what the panel has already. */
export function isImportable({ status, check, preview, onExisting }: ImportItem): boolean {
  if (status !== 'ready' && !(status === 'failed' && check?.ok)) return false
  if (!check?.existing || onExisting === 'create') return true
  return preview !== undefined && !preview.isSame
}

/** Whether it becomes an egg of its own. */
export const isNew = ({ check, onExisting }: ImportItem): boolean => !check?.existing || onExisting === 'create'

/** Whether it is in the panel as it is. */
export const isKnown = ({ status, preview, onExisting }: ImportItem): boolean =>
  status === 'ready' && onExisting === 'update' && preview?.isSame === true
