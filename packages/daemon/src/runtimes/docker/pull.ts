import { AppError } from '@hatchery/core/errors'
import type { OnProgress, Progress } from '@hatchery/core/runtime'
import type { Engine } from './engine.ts'
import { parseImageReference, type ImageReference } from './image-reference.ts'

export interface RegistryAuth {
  readonly username: string
  readonly password: string
}

export interface PullOptions {
  readonly engine: Engine
  /** Credentials for a registry, by its host as it stands in the reference. */
  readonly registryAuth: (registry: string) => RegistryAuth | null | Promise<RegistryAuth | null>
  /** With a local copy at hand, a registry that says nothing for this long is given up. */
  readonly patienceMs: number
}

/** A start waits for the registry only when nobody has asked it for this long; a crash loop asks it once. */
const FRESH_MS = 3_600_000

/** When the registry was last asked for an image, by engine. */
const asked = new WeakMap<Engine, Map<string, number>>()

/**
 * Pulls an image; where that fails a local copy is used, and the progress says so. A local copy that was compared with the
 * registry within the last hour is taken as it is.
 */
export async function pullImage(
  options: PullOptions,
  image: string,
  onProgress: OnProgress,
  signal?: AbortSignal,
): Promise<void> {
  const { engine } = options
  const reference = parseImageReference(image)
  const local = await engine.find((docker) => docker.getImage(reference.full).inspect(), signal)
  // A digest names its content: there is nothing newer to fetch.
  if (local && reference.digest) return onProgress(step(`The image ${reference.full} is present.`))
  const known = asked.get(engine) ?? new Map<string, number>()
  asked.set(engine, known)
  const last = known.get(reference.full)
  if (local && last !== undefined && performance.now() - last < FRESH_MS) return
  try {
    await pull(options, reference, local ? options.patienceMs : null, onProgress, signal)
    known.set(reference.full, performance.now())
  } catch (error) {
    if (signal?.aborted || !(error instanceof AppError)) throw error
    known.set(reference.full, performance.now())
    const reason = typeof error.details['reason'] === 'string' ? error.details['reason'] : error.message
    if (!local) throw new AppError('IMAGE_PULL_FAILED', { image: reference.full, reason }, { cause: error })
    onProgress(step(`The image ${reference.full} could not be pulled (${reason}). The local copy is used.`))
  }
}

const step = (detail: string): Progress => ({ current: 1, total: 1, unit: 'steps', detail })

async function pull(
  options: PullOptions,
  reference: ImageReference,
  patienceMs: number | null,
  onProgress: OnProgress,
  signal?: AbortSignal,
): Promise<void> {
  const { engine, registryAuth } = options
  const auth = await registryAuth(reference.registry)
  const silence = new AbortController()
  const abort = AbortSignal.any([silence.signal, ...(signal ? [signal] : [])])
  const timer = patienceMs === null ? undefined : setTimeout(() => silence.abort(), patienceMs)
  const layers = new LayerProgress()
  let announced: string | undefined
  const announce = () => {
    const progress = layers.progress()
    const text = JSON.stringify(progress)
    if (text !== announced) onProgress(progress)
    announced = text
  }

  try {
    const stream = await engine.call(
      (docker) =>
        docker.pull(reference.full, {
          abortSignal: abort,
          ...(auth ? { authconfig: { ...auth, serveraddress: reference.registry } } : {}),
        }),
      signal,
    )
    for await (const event of jsonLines(stream)) {
      timer?.refresh()
      if (event.error) throw new AppError('RUNTIME_FAILED', { runtime: 'docker', reason: event.error })
      layers.add(event)
      announce()
    }
  } catch (error) {
    if (signal?.aborted) throw new AppError('CANCELLED', {}, { cause: error })
    if (error instanceof AppError && !silence.signal.aborted) throw error
    const reason = silence.signal.aborted ? 'the registry does not answer' : (error as Error).message
    throw new AppError('RUNTIME_UNAVAILABLE', { runtime: 'docker', reason }, { cause: error })
  } finally {
    clearTimeout(timer)
  }
}

export interface PullEvent {
  readonly id?: string
  readonly status?: string
  readonly error?: string
  readonly progressDetail?: { readonly current?: number; readonly total?: number }
}

/** Adds up what the engine says of each layer: bytes fetched of bytes known, and in words what goes on. */
export class LayerProgress {
  readonly #layers = new Map<
    string,
    { phase: 'waiting' | 'downloading' | 'extracting' | 'done'; current: number; total: number | null }
  >()
  #detail = ''

  add(event: PullEvent): void {
    const { id, status = '', progressDetail } = event
    const phase = PHASES.find(([words]) => words.test(status))?.[1]
    if (!id || !phase) {
      if (!id || !status.startsWith('Pulling from')) this.#detail = status
      return
    }
    const layer = this.#layers.get(id) ?? { phase, current: 0, total: null }
    layer.phase = phase
    if (phase === 'downloading') {
      layer.current = Math.max(layer.current, progressDetail?.current ?? 0)
      // Small layers are reported without a total.
      layer.total = Math.max(progressDetail?.total ?? 0, layer.total ?? 0) || null
    } else if (phase !== 'waiting') {
      // A layer that was here already has nothing to fetch; one that is fetched has all of it.
      layer.total ??= Math.max(layer.current, phase === 'extracting' ? (progressDetail?.total ?? 0) : 0)
      layer.current = layer.total
    }
    this.#layers.set(id, layer)
  }

  progress(): Progress {
    const layers = [...this.#layers.values()]
    const count = (phase: string) => layers.filter((layer) => layer.phase === phase).length
    const current = layers.reduce((sum, layer) => sum + layer.current, 0)
    const isKnown = layers.length > 0 && layers.every((layer) => layer.total !== null)
    const total = isKnown ? layers.reduce((sum, layer) => sum + (layer.total ?? 0), 0) : null
    return { current, total, unit: 'bytes', detail: this.#words(layers.length, count) }
  }

  #words(all: number, count: (phase: string) => number): string {
    if (all === 0 || count('done') === all) return this.#detail || 'Asking the registry'
    const phases = [
      count('downloading') > 0 && `downloading ${count('downloading')}`,
      count('extracting') > 0 && `extracting ${count('extracting')}`,
    ].filter(Boolean)
    return `${count('done')} of ${all} layers done${phases.length > 0 ? `, ${phases.join(', ')}` : ''}`
  }
}

const PHASES = [
  [/^(?:Pulling fs layer|Waiting|Retrying)/, 'waiting'],
  [/^Downloading/, 'downloading'],
  [/^(?:Verifying Checksum|Download complete|Extracting)/, 'extracting'],
  [/^(?:Pull complete|Already exists)/, 'done'],
] as const

async function* jsonLines(stream: AsyncIterable<Uint8Array | string>): AsyncGenerator<PullEvent> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of stream) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.trim()) yield JSON.parse(line) as PullEvent
  }
  if (rest.trim()) yield JSON.parse(rest) as PullEvent
}
