export {
  initialLifecycle,
  type LifecycleEffect,
  type LifecycleInput,
  type LifecycleSettings,
  type LifecycleState,
  type LifecycleTimer,
  type NextStep,
  type PowerIntent,
  type Refusal,
} from './lifecycle.ts'
export { reduceLifecycle, type Reduction } from './reduce-lifecycle.ts'
export { createStartupDetector, type StartupDetector } from './startup-detector.ts'
