import { sortedEndpoints } from './endpoints.ts'

/** Text of `sdk/endpoints.ts`. */
export function endpointsFile(): string {
  const rows = sortedEndpoints().map(
    ([name, spec]) => `  ${name}: { method: '${spec.method}', path: '${spec.path}', class: '${spec.class}' },`,
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
