import {
  CircleDashed,
  CircleDot,
  CirclePause,
  CircleX,
  Download,
  Lock,
  LoaderCircle,
  RotateCcw,
  Truck,
} from '@lucide/vue'
import type { Component } from 'vue'

export type Tone = 'neutral' | 'ok' | 'warn' | 'danger' | 'info' | 'hold'

interface Look {
  readonly tone: Tone
  readonly icon: Component
  readonly isMoving?: boolean
}

const LOOKS: Readonly<Record<string, Look>> = {
  running: { tone: 'ok', icon: CircleDot },
  starting: { tone: 'info', icon: LoaderCircle, isMoving: true },
  stopping: { tone: 'warn', icon: LoaderCircle, isMoving: true },
  offline: { tone: 'neutral', icon: CirclePause },
  installing: { tone: 'info', icon: Download },
  install_failed: { tone: 'danger', icon: CircleX },
  restoring: { tone: 'info', icon: RotateCcw },
  transferring: { tone: 'info', icon: Truck },
  suspended: { tone: 'hold', icon: Lock },
}

/** Colour and sign of a server state; states that are not known yet get a neutral one. */
export function stateLook(state: string): Look {
  return LOOKS[state] ?? { tone: 'neutral', icon: CircleDashed }
}
