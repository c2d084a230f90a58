import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadMessages, setLanguage, i18n } from './i18n.ts'

const SOURCE = join(import.meta.dirname, '..')
const read = (language: string, file: string): unknown =>
  JSON.parse(readFileSync(join(SOURCE, 'i18n', language, file), 'utf8'))
const files = readdirSync(join(SOURCE, 'i18n/en'))

function keys(node: unknown, path = ''): string[] {
  if (typeof node !== 'object' || node === null) return [path]
  return Object.entries(node).flatMap(([key, value]) => keys(value, path ? `${path}.${key}` : key))
}
const holes = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g) ?? [])].toSorted()
function at(node: unknown, path: string): string {
  const value = path.split('.').reduce<unknown>((current, key) => (current as Record<string, unknown>)[key], node)
  return String(value)
}

test.each(files)('%s says the same in both languages', (file) => {
  const [en, de] = [read('en', file), read('de', file)]
  expect(keys(de).toSorted()).toEqual(keys(en).toSorted())
  for (const key of keys(en)) {
    expect(holes(at(de, key)), key).toEqual(holes(at(en, key)))
    expect(at(de, key).split(' | ').length, `plural forms of ${key}`).toBe(at(en, key).split(' | ').length)
  }
})

test('every text that a component asks for exists', () => {
  const known = new Set(files.flatMap((file) => keys(read('en', file), file.replace('.json', ''))))
  const missing = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(vue|ts)$/.test(path) && !path.endsWith('.test.ts'))
    .flatMap((path) =>
      [...readFileSync(join(SOURCE, path), 'utf8').matchAll(/\bt\(\s*'([\w.]+)'/g)].map(
        (match) => `${path}: ${match[1]}`,
      ),
    )
    .filter((use) => !known.has(use.split(': ')[1] ?? ''))
  expect(missing).toEqual([])
})

test('no template holds words of its own', () => {
  const WORDS = />\s*([A-Za-z][a-z]+(?: [a-z]+)+)[.!?]?\s*</
  const literal = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.vue'))
    .filter((path) =>
      WORDS.test(/<template>[\s\S]*<\/template>/.exec(readFileSync(join(SOURCE, path), 'utf8'))?.[0] ?? ''),
    )
  expect(literal).toEqual([])
})

test('switching the language loads what is in use', async () => {
  await loadMessages(['signIn'])
  await setLanguage('de')
  expect(i18n.global.t('signIn.submit')).toBe('Anmelden')
  expect(document.documentElement.lang).toBe('de')
  await setLanguage('en')
})
