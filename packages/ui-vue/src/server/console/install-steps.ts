export type StepState = 'done' | 'running' | 'waiting' | 'failed'
export interface InstallStep {
  readonly name: 'queued' | 'image' | 'script' | 'ready'
  readonly state: StepState
}

const ORDER = ['queued', 'image', 'script', 'ready'] as const
const STEP_OF_PHASE: Readonly<Record<string, (typeof ORDER)[number]>> = {
  queued: 'queued',
  preparing: 'queued',
  pulling: 'image',
  installing: 'script',
  script: 'script',
  configuring: 'ready',
  creating: 'ready',
  starting: 'ready',
  finished: 'ready',
  done: 'ready',
}

/** The four steps of an installation, from the phase its operation is in. A phase that is not known counts as the script. */
export function installSteps(phase: string, hasFailed: boolean): readonly InstallStep[] {
  const current = ORDER.indexOf(STEP_OF_PHASE[phase] ?? 'script')
  return ORDER.map((name, index) => {
    if (index < current) return { name, state: 'done' }
    if (index > current) return { name, state: 'waiting' }
    return { name, state: hasFailed ? 'failed' : 'running' }
  })
}
