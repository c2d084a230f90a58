import type { Figure } from './main.ts'
import { cheapest, openEggLibrary, totalOf } from './measure/egg-library.ts'
import { machineLoad } from './measure/sentences.ts'

const ROUNDS = 5

/** What core/eggs costs: to load, and to read all published eggs. */
export async function bench(): Promise<readonly Figure[]> {
  using library = await openEggLibrary()
  const best = cheapest(Array.from({ length: ROUNDS }, () => library.run()))
  const note = `best of ${ROUNDS} fresh processes, ${machineLoad()}`
  return [
    { name: 'import of core/eggs', value: best.importMs, unit: 'ms CPU', note },
    { name: `${best.files} files parsed`, value: best.parseMs, unit: 'ms CPU' },
    { name: `${best.variables} defaults checked against their rules`, value: best.rulesMs, unit: 'ms CPU' },
    { name: `${best.eggs} eggs resolved for three panels`, value: best.processMs, unit: 'ms CPU' },
    { name: 'all of it', value: totalOf(best), unit: 'ms CPU' },
  ]
}
