import { HatcheryError } from '@hatchery/core/sdk'

/**
 * The message for each field of a refused form, by the last part of its path (`memoryMiB`, `SERVER_JARFILE`).
 * Understands the `issues` of `VALIDATION_FAILED` and the `variable` of `VARIABLE_INVALID`.
 */
export function fieldErrors(error: unknown): Readonly<Record<string, string>> {
  if (!(error instanceof HatcheryError)) return {}
  const { variable, reason, issues } = error.details
  if (typeof variable === 'string') return { [variable]: typeof reason === 'string' ? reason : error.message }
  if (!Array.isArray(issues)) return {}
  const entries = issues.flatMap((issue: unknown): [string, string][] => {
    if (typeof issue !== 'object' || issue === null) return []
    const { path, field, message } = issue as Record<string, unknown>
    const name = typeof path === 'string' ? path : field
    if (typeof name !== 'string') return []
    return [[name.split(/[/.]/).at(-1) ?? name, typeof message === 'string' ? message : error.message]]
  })
  return Object.fromEntries(entries)
}
