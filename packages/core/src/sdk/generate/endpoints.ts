import { CONTRACTS, type ContractSpec } from '../../api/index.ts'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

/** Every endpoint by path and method: an order that depends neither on the loader nor on the place in a source file. */
export function sortedEndpoints(): readonly (readonly [name: string, spec: ContractSpec])[] {
  return [...CONTRACTS].toSorted(
    ([, a], [, b]) => compare(a.path, b.path) || METHODS.indexOf(a.method) - METHODS.indexOf(b.method),
  )
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
