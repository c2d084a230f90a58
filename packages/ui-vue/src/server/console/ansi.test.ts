import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { lastRewrite, parseAnsi, stripAnsi } from './ansi.ts'
import { channels, contrast, readableColor } from './readable-color.ts'

const ESC = '\u001b'

test('keeps a line without sequences in one piece', () => {
  expect(parseAnsi('hello')).toEqual([{ text: 'hello' }])
  expect(parseAnsi('')).toEqual([])
})

test('reads colours, styles and their end', () => {
  expect(parseAnsi(`a${ESC}[1;31mb${ESC}[22mc${ESC}[0md`)).toEqual([
    { text: 'a' },
    { text: 'b', bold: true, color: 1 },
    { text: 'c', color: 1 },
    { text: 'd' },
  ])
  expect(parseAnsi(`${ESC}[93mx${ESC}[39my`)).toEqual([{ text: 'x', color: 11 }, { text: 'y' }])
})

test('reads 256 colours and true colours', () => {
  expect(parseAnsi(`${ESC}[38;5;196mx`)[0]?.color).toBe('rgb(255 0 0)')
  expect(parseAnsi(`${ESC}[38;2;1;2;3mx`)[0]?.color).toBe('rgb(1 2 3)')
  expect(parseAnsi(`${ESC}[48;5;4mx`)[0]?.background).toBe(4)
})

test('leaves out what moves a cursor, sets a title or rings a bell', () => {
  expect(stripAnsi(`${ESC}[2K${ESC}[1Ga${ESC}]0;title\u0007b\u0007c${ESC}[?25l`)).toBe('abc')
})

test('a tenant cannot put markup into the page: text stays text', () => {
  expect(parseAnsi('<img src=x onerror=alert(1)>')).toEqual([{ text: '<img src=x onerror=alert(1)>' }])
})

test('of a line with carriage returns, the part written last remains', () => {
  expect(lastRewrite('10 %\r20 %\r30 %')).toBe('30 %')
  expect(lastRewrite('done\r')).toBe('done')
})

describe('contrast', () => {
  const tokens = readFileSync(join(import.meta.dirname, '../../styles/tokens.css'), 'utf8')
  const themes = tokens.split(/(?=\[data-theme=')/).slice(1)

  test.each(themes.map((text) => [/'(\w+)'/.exec(text)?.[1] ?? '', text] as const))(
    'the 16 colours can be read in theme %s',
    (_name, text) => {
      const token = (name: string): string => new RegExp(`--hy-${name}: (#\\w{6})`).exec(text)?.[1] ?? ''
      for (let index = 0; index < 16; index += 1) {
        expect(
          contrast(channels(token(`ansi-${index}`)), channels(token('console-bg'))),
          `ansi-${index}`,
        ).toBeGreaterThanOrEqual(4.5)
      }
      expect(contrast(channels(token('console-muted')), channels(token('console-bg')))).toBeGreaterThanOrEqual(4.5)
      expect(contrast(channels(token('console-text')), channels(token('console-mark')))).toBeGreaterThanOrEqual(4.5)
    },
  )

  test.each(['#ffffff', '#0a0f0e'])('any true colour is moved until it can be read on %s', (background) => {
    for (const color of ['rgb(0 0 0)', 'rgb(255 255 255)', 'rgb(255 255 0)', 'rgb(0 0 255)', 'rgb(120 120 120)']) {
      expect(contrast(channels(readableColor(color, background)), channels(background))).toBeGreaterThanOrEqual(4.5)
    }
  })
})
