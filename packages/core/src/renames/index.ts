export { checkRenames, type RenameProblem } from './check-renames.ts'
export { planRenames, type Rename } from './plan-renames.ts'
export type { RenameRule, RenameScope } from './rules.ts'
