import type { Json } from '../model.ts'

/** The part of an egg that a change belongs to, in the order in which `diffEggs` lists them. */
export type EggArea =
  | 'about'
  | 'images'
  | 'startup'
  | 'ready'
  | 'stop'
  | 'config-files'
  | 'variables'
  | 'install'
  | 'features'
  | 'file-denylist'
  | 'network'
  | 'other'

/**
 * What a change means for a server that already uses the egg.
 *
 * - `none`: nothing, it only describes
 * - `at-once`: it holds as soon as the egg is updated
 * - `next-start`: it holds from the next start on
 * - `reinstall`: only when the server is installed again
 * - `value-needed`: the server cannot start properly before somebody gives a value
 * - `values-may-fail`: a value that the server has may no longer pass
 * - `values-unused`: a value that the server has is no longer read
 */
export type EggEffect =
  | 'none'
  | 'at-once'
  | 'next-start'
  | 'reinstall'
  | 'value-needed'
  | 'values-may-fail'
  | 'values-unused'

/** One difference between two eggs, as a person looks at it before an update. */
export interface EggChange {
  /** `renamed` and `moved` keep the thing itself. */
  readonly kind: 'added' | 'removed' | 'changed' | 'renamed' | 'moved'
  readonly area: EggArea
  /** What in the area it is about: the label of an image, the path of a file, the name of a variable; null for the whole. */
  readonly subject: string | null
  /** JSON pointer into Hatchery's own form of the new egg; of the old one where something was removed. */
  readonly pointer: string
  /** Null where there was nothing. */
  readonly before: Json
  /** Null where there is nothing any more. */
  readonly after: Json
  /** One sentence. */
  readonly message: string
  readonly effect: EggEffect
}
