// Writes the golden vectors: node --conditions=@hatchery/source packages/core/docs/vectors/generate.ts
import { writeFileSync } from 'node:fs'
import { vectorFiles } from '../../src/protocol/vectors.ts'

for (const [name, content] of Object.entries(vectorFiles())) {
  writeFileSync(new URL(name, import.meta.url), `${JSON.stringify(content, undefined, 2)}\n`)
}
