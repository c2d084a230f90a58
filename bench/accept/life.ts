// What the issue on limits, crashes and metrics must reach, in its words. What is not measured yet fails.
import type { AcceptanceLine } from '../../scripts/accept.ts'
import { prove, tests } from '../measure/prove.ts'

const missing = (requirement: string): AcceptanceLine => ({
  requirement,
  measure: async () => ({ figure: 'not measured', passed: false }),
})

export const lines: readonly AcceptanceLine[] = [
  prove('quota', 'S-74 and S-75: overshoot printed per quota driver and door, with a negative control'),
  tests('daemon', 'src/volumes', 'every quota driver keeps the promise of Volumes, on real file systems'),
  prove('usage', 'usage records equal the raw counters over agent kills and steps of the clock (quick)'),
  prove('agent-kill', 'kill -9 of the agent under load: no game dies, right state (quick; 1,000 with --full)'),
  missing('100 engine restarts (G12)'),
  missing('fork, fd, memory, disk, log and inode bombs: neighbours’ p99 under 2 × base (G33)'),
  missing('100 idle containers: agent under 150 MB and 15 % of a core'),
  missing('D1 to D4, S1, S2, M1, M2 of performance.md'),
  missing('1 GB of console log: first search hit under 1 s'),
  missing('1,000 cuts of a console stream: 0 gaps, 0 duplicates (R-12)'),
]
