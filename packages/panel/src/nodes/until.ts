import { setTimeout as delay } from 'node:timers/promises'

/** Asks again until the answer is true; for what another part of the panel does in the background. Fails after ten seconds. */
export async function until(isSo: () => boolean | Promise<boolean>, what = 'it'): Promise<void> {
  const end = performance.now() + 10_000
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`${what} has not happened within ten seconds.`)
    await delay(5)
  }
}
