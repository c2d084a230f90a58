import type { Logger } from 'pino'
import type { Bus } from './bus.ts'
import { MemoryBus } from './memory-bus.ts'

/** In memory without a url; the Redis client is loaded only when it is used. */
export async function openBus(redisUrl: string | null, log: Logger): Promise<Bus> {
  if (redisUrl === null) return new MemoryBus(log)
  const { openRedisBus } = await import('./redis-bus.ts')
  return openRedisBus(redisUrl, log)
}
