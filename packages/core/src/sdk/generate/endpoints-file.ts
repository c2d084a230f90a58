import { isBytes, type ContractSpec } from '../../api/index.ts'
import { sortedEndpoints } from './endpoints.ts'

/** Text of `sdk/endpoints.ts`. */
export function endpointsFile(): string {
  const rows = sortedEndpoints().map(
    ([name, spec]) =>
      `  ${name}: { method: '${spec.method}', path: '${spec.path}', class: '${spec.class}'${bytesOf(spec)} },`,
  )
  return [
    '// Written by scripts/generate.ts from the contracts in ../api. Do not edit; run `npm run generate`.',
    '',
    '/** Method, path below `/api/v1` and operation class of every endpoint, by its name. */',
    'export const ENDPOINTS = {',
    ...rows,
    '} as const',
    '',
  ].join('\n')
}

/** Marks what is raw bytes instead of JSON. */
function bytesOf(spec: ContractSpec): string {
  const takes = isBytes(spec.body) ? `, takes: 'bytes'` : ''
  const gives = Object.values(spec.response).some(isBytes) ? `, gives: 'bytes'` : ''
  return takes + gives
}
