/**
 * The two functions of a test runner that the suites need; those of vitest, jest, `node:test` and Bun all fit.
 * @example describeRuntime({ describe, test }, 'docker', createHarness)
 */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => unknown
  readonly test: (name: string, body: () => Promise<void>) => unknown
}

/** Fails a test with a sentence that says what the promise was. */
export function check(condition: unknown, promise: string): asserts condition {
  if (!condition) throw new Error(`Conformance: ${promise}`)
}

export function checkEqual<T>(actual: T, expected: T, promise: string): void {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)]
  check(left === right, `${promise} (got ${left}, expected ${right})`)
}

/** The call must fail with this error code. */
export async function checkRejects(call: Promise<unknown>, code: string, promise: string): Promise<void> {
  const outcome = await call.then(
    () => 'no error',
    (error: unknown) => (error as { code?: string }).code ?? String(error),
  )
  check(outcome === code, `${promise} (got ${outcome}, expected ${code})`)
}
