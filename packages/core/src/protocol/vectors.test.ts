import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { vectorFiles } from './vectors.ts'

const folder = new URL('../../docs/vectors/', import.meta.url)

describe('the golden vectors', () => {
  for (const [name, content] of Object.entries(vectorFiles())) {
    test(`${name} is what this code sends; a change here breaks every other implementation`, () => {
      expect(JSON.parse(readFileSync(new URL(name, folder), 'utf8'))).toEqual(JSON.parse(JSON.stringify(content)))
    })
  }
})
