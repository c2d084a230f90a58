/** What of a name a rule looks at: the part before the extension, the extension without its dot, or all of it. */
export type RenameScope = 'name' | 'extension' | 'whole'

/** One step from an old name to a new one. The steps of a list follow each other. */
export type RenameRule =
  | {
      readonly kind: 'replace'
      readonly find: string
      /** May name groups of the pattern: `$1`, `$<name>`, `$&` for all that was found, `$$` for a dollar. */
      readonly with: string
      /** `find` is a regular expression in the syntax of RE2, which takes no longer than the name is long. @default false */
      readonly isPattern?: boolean
      /** @default true */
      readonly isCaseSensitive?: boolean
      /** Only where it is found first. @default false */
      readonly isOnce?: boolean
      /** @default 'name' */
      readonly scope?: RenameScope
    }
  | {
      readonly kind: 'case'
      readonly to: 'lower' | 'upper' | 'title'
      /** @default 'name' */
      readonly scope?: RenameScope
    }
  | {
      readonly kind: 'add'
      readonly text: string
      readonly at: 'start' | 'end'
      /** @default 'name' */
      readonly scope?: RenameScope
    }
  | {
      readonly kind: 'number'
      /** Number of the first name. */
      readonly start: number
      /** From one name to the next. @default 1 */
      readonly step?: number
      /** Filled up with zeros to this many digits. @default 1 */
      readonly digits?: number
      /** Before or behind the part before the extension, or in its place. */
      readonly at: 'start' | 'end' | 'instead'
      /** Between number and name. @default '' */
      readonly separator?: string
    }
