import { ERRORS } from '../../packages/core/src/errors/table.ts'

export interface ErrorDoc {
  readonly code: string
  readonly status: number
  readonly message: string
}

declare const data: readonly ErrorDoc[]
export { data }

/** Every error code with its status and message, from the table the panel answers from. */
export default {
  load: (): readonly ErrorDoc[] => Object.entries(ERRORS).map(([code, row]) => ({ code, ...row })),
}
