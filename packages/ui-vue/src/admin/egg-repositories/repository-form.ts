import type { EggRepository } from '@hatchery/core/sdk'
import type { SuggestedRepository } from './suggested-repositories.ts'

export interface RepositoryForm {
  readonly name: string
  readonly url: string
  readonly branch: string
  readonly folder: string
  /** `keep` leaves what is stored; `none` removes it. */
  readonly access: 'none' | 'keep' | 'set'
  readonly username: string
  readonly password: string
  /** Minutes; 0 only when asked. */
  readonly every: number
}

/** Choices for how often a repository is read, in minutes. */
export const INTERVALS = [0, 60, 360, 1440, 10_080] as const

/** The form as it opens: for what is there, for a suggestion, or empty. */
export function formOf(repository: EggRepository | undefined, suggestion?: SuggestedRepository): RepositoryForm {
  const { name = '', url = '', folder = '' } = repository ?? suggestion ?? {}
  return {
    name,
    url,
    branch: repository?.branch ?? '',
    folder,
    access: repository?.hasCredentials ? 'keep' : 'none',
    username: '',
    password: '',
    every: repository ? (repository.syncEveryMinutes ?? 0) : 1440,
  }
}

/** What is sent. Slashes around a folder are a matter of taste and taken away. */
export function bodyOf({ name, url, branch, folder, access, username, password, every }: RepositoryForm) {
  const credentials = { none: { credentials: null }, keep: {}, set: { credentials: { username, password } } }[access]
  return {
    name: name.trim(),
    url: url.trim(),
    branch: branch.trim() || null,
    folder: folder.trim().replace(/^\/+|\/+$/g, ''),
    syncEveryMinutes: every === 0 ? null : every,
    ...credentials,
  }
}
