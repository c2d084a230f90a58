/** What is counted of a server. Integers of the smallest unit, so that sums are exact. */
export interface Amounts {
  readonly runningMs: number
  readonly cpuMs: number
  /** Mebibytes times milliseconds. */
  readonly memoryMiBMs: number
  readonly diskMiBMs: number
  readonly rxBytes: number
  readonly txBytes: number
}

export const KINDS = [
  'runningMs',
  'cpuMs',
  'memoryMiBMs',
  'diskMiBMs',
  'rxBytes',
  'txBytes',
] as const satisfies readonly (keyof Amounts)[]

export const NOTHING: Amounts = { runningMs: 0, cpuMs: 0, memoryMiBMs: 0, diskMiBMs: 0, rxBytes: 0, txBytes: 0 }

export function addAmounts(a: Amounts, b: Amounts): Amounts {
  return mapAmounts((kind) => a[kind] + b[kind])
}

export function mapAmounts(valueOf: (kind: keyof Amounts) => number): Amounts {
  return Object.fromEntries(KINDS.map((kind) => [kind, valueOf(kind)])) as unknown as Amounts
}

export function encodeAmounts(amounts: Amounts): string {
  return JSON.stringify(KINDS.map((kind) => amounts[kind]))
}

export function decodeAmounts(text: string): Amounts {
  const values = JSON.parse(text) as readonly number[]
  return mapAmounts((kind) => values[KINDS.indexOf(kind)] ?? 0)
}
