import type { Routes } from './http/implement.ts'

/** Every endpoint of `/api/v1`, one line for each domain folder. */
export function registerRoutes(_routes: Routes): void {
  // one line per domain
}
