import { endpointsFile } from './endpoints-file.ts'
import { openApiFile } from './openapi-file.ts'
import { typesFile } from './types-file.ts'

/** Text of every generated file by its path below `packages/core`. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['openapi.json', openApiFile()],
    ['src/sdk/types.ts', typesFile()],
    ['src/sdk/endpoints.ts', endpointsFile()],
  ])
}
