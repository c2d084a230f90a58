import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { compareSurfaces } from './compare-surfaces.ts'
import { isAtLeast, pendingBump } from './pending-bump.ts'
import { readSurface, type Surface } from './read-surface.ts'
import { parseSurface, printSurface } from './surface-file.ts'

const root = path.resolve(import.meta.dirname, '../..')

function temporary() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'hatchery-surface-'))
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) }
}

function surfaceOf(declarations: string): Surface {
  using made = temporary()
  const entry = path.join(made.folder, 'index.d.ts')
  writeFileSync(entry, declarations)
  return readSurface(entry, made.folder)
}

const BEFORE = `
interface Inner { readonly deep: string }
export interface Options { readonly strict?: boolean }
export interface Answer { readonly ok: boolean; readonly inner: Inner }
export type Format = 'a' | 'b'
export declare function read(input: string, options?: Options): Answer
export declare class Reader { private readonly hidden; constructor(name: string); read(text: string): Answer }
export declare const ROWS: { readonly BUSY: { readonly message: 'Wait until {state} is over.' } }
`

/** What an edit of the declarations needs, through the file that is committed and back. */
function bumpOf(edit: (declarations: string) => string): string[] {
  const before = parseSurface(printSurface('1.0.0', new Map([['.', surfaceOf(BEFORE)]]))).subpaths.get('.')
  return compareSurfaces(before ?? new Map(), surfaceOf(edit(BEFORE))).map(({ bump, text }) => `${bump} ${text}`)
}
const replacing = (from: string, to: string) => bumpOf((text) => text.replace(from, to))

describe('what a change of a stable part needs', () => {
  test('nothing, where only words, comments, names of parameters and private parts differ', () => {
    expect(bumpOf((text) => text)).toEqual([])
    expect(
      bumpOf((text) =>
        text.replace('read(input:', 'read(text:').replace('export interface', '/** New words. */ export interface'),
      ),
    ).toEqual([])
    expect(replacing('interface Inner', 'export interface Inner')).toEqual([])
    expect(replacing('private readonly hidden;', 'private other;')).toEqual([])
    expect(replacing('Wait until {state} is over.', 'Try again once {state} has ended.')).toEqual([])
  })

  test.each([
    ['a new name', 'export type Format', 'export declare function more(needed: string): void; export type Format'],
    ['a new choice', "'a' | 'b'", "'a' | 'b' | 'c'"],
    ['a new optional parameter', 'options?: Options)', 'options?: Options, more?: number)'],
    ['a new optional member of what callers give', 'strict?: boolean', 'strict?: boolean; readonly more?: string'],
    ['a new member of an answer', 'readonly ok: boolean;', 'readonly ok: boolean; readonly more: string;'],
    ['a parameter that may be left out', 'read(input: string,', 'read(input?: string,'],
    ['a parameter that takes more', 'read(input: string,', 'read(input: string | Map<string, A | B>,'],
    ['a new row', 'readonly BUSY:', "readonly GONE: { readonly message: 'It is gone.' }; readonly BUSY:"],
  ])('a minor step for %s', (_, from, to) => {
    const bumps = replacing(from, to)
    expect(bumps).not.toEqual([])
    expect(bumps.filter((text) => !text.startsWith('minor'))).toEqual([])
  })

  test.each([
    ['a name that is gone', "export type Format = 'a' | 'b'", ''],
    ['another answer', 'options?: Options): Answer', 'options?: Options): Promise<Answer>'],
    ['another parameter', 'read(input: string,', 'read(input: Uint8Array,'],
    ['an answer that may be more', 'options?: Options): Answer', 'options?: Options): Answer | null'],
    ['a new parameter that has to be given', 'read(input: string,', 'read(input: string, more: number,'],
    ['a new member that callers have to give', 'strict?: boolean', 'strict?: boolean; readonly more: string'],
    ['a member that is gone', 'readonly ok: boolean;', ''],
    ['a choice that is gone', "'a' | 'b'", "'a'"],
    ['a member of a type without a name', 'readonly deep: string', 'readonly deep: number'],
    ['another hole of a sentence', '{state}', '{reason}'],
    ['another parameter of a method', 'read(text: string)', 'read(text: number)'],
    ['another constructor', 'constructor(name: string)', 'constructor(name: number)'],
  ])('a major step for %s', (_, from, to) => {
    expect(replacing(from, to).filter((text) => text.startsWith('major'))).not.toEqual([])
  })
})

test('the largest step that changesets announce for a package counts', () => {
  using made = temporary()
  const write = (name: string, text: string) => writeFileSync(path.join(made.folder, name), text)
  expect(pendingBump(made.folder, '@hatchery/core')).toBe('none')
  write('a.md', "---\n'@hatchery/core': minor\n'@hatchery/panel': major\n---\n\n'@hatchery/core': major\n")
  write('b.md', '---\n"@hatchery/core": patch\n---\nText')
  expect(pendingBump(made.folder, '@hatchery/core')).toBe('minor')
  expect([isAtLeast('minor', 'minor'), isAtLeast('minor', 'major')]).toEqual([true, false])
})

describe('the check itself', () => {
  test('fails for a broken promise of core/eggs until a major changeset announces it', () => {
    using made = temporary()
    const dist = path.join(made.folder, 'dist')
    const changesets = path.join(made.folder, 'changesets')
    mkdirSync(changesets)
    const check = () => {
      const script = path.join(root, 'scripts/check-core-surface.ts')
      const argv = ['--conditions=@hatchery/source', script, '--dist', dist, '--changesets', changesets]
      return spawnSync(process.execPath, argv, { encoding: 'utf8' })
    }
    const announce = (bump: string) =>
      writeFileSync(path.join(changesets, 'x.md'), `---\n'@hatchery/core': ${bump}\n---\nWords.\n`)
    emitDeclarations(dist)

    // Control: parseEgg no longer takes bytes.
    const file = path.join(dist, 'eggs/parse.d.ts')
    const declarations = readFileSync(file, 'utf8')
    expect(declarations).toContain('input: string | Uint8Array | object')
    writeFileSync(file, declarations.replace('input: string | Uint8Array | object', 'input: string | object'))
    announce('minor')
    const refused = check()
    expect(refused.status).toBe(1)
    expect(refused.stderr).toContain(
      'major  ./eggs parseEgg()(0): was string | Uint8Array | object, is string | object\n',
    )
    announce('major')
    expect(check().status).toBe(0)
  })
})

/** The declarations of core as the build writes them, in a folder beside copies of what they need. */
function emitDeclarations(dist: string): void {
  const tsc = path.join(root, 'node_modules/typescript-7/bin/tsc')
  const options = [
    '--composite',
    'false',
    '--incremental',
    'false',
    '--declarationMap',
    'false',
    '--emitDeclarationOnly',
  ]
  spawnSync(process.execPath, [tsc, '-p', path.join(root, 'packages/core'), ...options, '--outDir', dist])
  cpSync(path.join(root, 'packages/core/package.json'), path.join(dist, '../package.json'))
}
