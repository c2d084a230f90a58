import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compileGlob, compilePathPatterns } from './path-patterns.ts'

const matches = (patterns: readonly string[], path: string) =>
  compilePathPatterns(patterns).matches(path.replace(/\/$/, '').split('/'), path.endsWith('/'))

describe('path patterns', () => {
  test.each([
    ['secret.key', 'secret.key', true],
    ['secret.key', 'deep/down/secret.key', true],
    ['/secret.key', 'deep/secret.key', false],
    ['config/*.key', 'config/a.key', true],
    ['config/*.key', 'config/deep/a.key', false],
    ['config/**/a.key', 'config/a.key', true],
    ['config/**/a.key', 'config/x/y/a.key', true],
    ['logs/', 'logs', false],
    ['logs/', 'logs/', true],
    ['logs/', 'logs/latest.log', true],
    ['logs/**', 'logs/', false],
    ['logs/**', 'logs/latest.log', true],
    ['**/x', 'a/b/x', true],
    ['***/x', 'a/b/x', true],
    ['[a-c]?.txt', 'b1.txt', true],
    ['[!a-c].txt', 'b.txt', false],
    ['\\!x', '!x', true],
    ['# comment', '# comment', false],
    ['trailing  ', 'trailing', true],
    ['[', '[', true],
  ])('%s on %s: %s', (pattern, path, expected) => expect(matches([pattern], path)).toBe(expected))

  test('the last rule decides, and nothing comes back out of a matched directory', () => {
    expect(matches(['*.key', '!public.key'], 'public.key')).toBe(false)
    expect(matches(['!public.key', '*.key'], 'public.key')).toBe(true)
    expect(matches(['keys/', '!keys/public.key'], 'keys/public.key')).toBe(true)
  })

  test('a pattern made to be slow is not', () => {
    const name = 'a'.repeat(255)
    expect(matches([`${'*a'.repeat(500)}b`], name)).toBe(false)
    expect(matches([`${'**/a/'.repeat(200)}b`], Array.from({ length: 500 }, () => 'a').join('/'))).toBe(false)
    expect(compileGlob(`${'*a'.repeat(500)}b`)(name)).toBe(false)
  })
})

const hasGit = spawnSync('git', ['--version']).status === 0

describe.runIf(hasGit)('against git itself', () => {
  let directory = ''
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'hatchery-patterns-'))
    execFileSync('git', ['init', '-q', directory])
  })
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  test('files of any names match the same', () => {
    // Two stars beside letters: git compares the letters first and takes what is left for a pattern of its own, so `a**/**`
    // fits the file `a`. Nobody means that.
    const word = fc.stringMatching(/^[ab*?]{1,4}$/).filter((text) => !text.includes('**'))
    const pattern = fc
      .tuple(
        fc.constantFrom('', '!', '/'),
        fc.array(fc.oneof(word, fc.constantFrom('**', '***')), { minLength: 1, maxLength: 3 }),
      )
      .map(([head, parts]) => head + parts.join('/'))
    const path = fc
      .array(fc.stringMatching(/^[ab]{1,3}$/), { minLength: 1, maxLength: 4 })
      .map((names) => names.join('/'))
    fc.assert(
      fc.property(
        fc.array(pattern, { minLength: 1, maxLength: 4 }),
        fc.array(path, { minLength: 20 }),
        (rules, paths) => {
          writeFileSync(join(directory, '.gitignore'), `${rules.join('\n')}\n`)
          const { stdout } = spawnSync('git', ['check-ignore', '--no-index', '--stdin', '-z'], {
            cwd: directory,
            input: paths.join('\0'),
          })
          const ignored = new Set(stdout.toString('utf8').split('\0').filter(Boolean))
          for (const one of paths) expect([rules, one, matches(rules, one)]).toEqual([rules, one, ignored.has(one)])
        },
      ),
      { numRuns: 60 },
    )
  }, 30_000)
})
