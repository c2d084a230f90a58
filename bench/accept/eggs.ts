// What the issue on eggs must reach, in its words.
import type { AcceptanceLine } from '../../scripts/accept.ts'
import { PACKAGE_LINES } from '../measure/egg-lines.ts'
import { DOCS_LINES, HOSTILE_LINES, ORACLE_LINES } from '../measure/egg-oracle.ts'

export const lines: readonly AcceptanceLine[] = [...ORACLE_LINES, ...HOSTILE_LINES, ...PACKAGE_LINES, ...DOCS_LINES]
