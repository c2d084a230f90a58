import { setFlagsFromString } from 'node:v8'

/**
 * For processes through which much content passes. Each piece of it is memory outside of the heap, and by default V8 collects
 * the whole heap after every 64 MiB of such memory, however little is alive: half of what a transfer costs. Counted with the
 * heap, it waits until that is worth it.
 */
export function countBuffersWithTheHeap(): void {
  setFlagsFromString('--external-memory-accounted-in-global-limit')
}
