import { expect, test } from 'vitest'
import { squarify } from './squarify.ts'

const area = ({ width, height }: { width: number; height: number }): number => width * height

test.each([
  ['one', [5]],
  ['equal ones', [1, 1, 1, 1, 1, 1, 1]],
  ['one that dwarfs the others', [1e9, 3, 2, 1]],
  ['many', Array.from({ length: 60 }, (_, index) => 60 - index)],
])('%s fill the whole without overlap, each by its weight', (_name, weights) => {
  const tiles = squarify(weights, 2.5)
  const sum = weights.reduce((total, weight) => total + weight, 0)
  expect(tiles).toHaveLength(weights.length)
  for (const [index, tile] of tiles.entries()) {
    expect(area(tile)).toBeCloseTo(((weights[index] ?? 0) / sum) * 10_000, 4)
    expect(tile.left + tile.width).toBeLessThanOrEqual(100.0001)
    expect(tile.top + tile.height).toBeLessThanOrEqual(100.0001)
    for (const other of tiles.slice(index + 1)) {
      const across = Math.min(tile.left + tile.width, other.left + other.width) - Math.max(tile.left, other.left)
      const down = Math.min(tile.top + tile.height, other.top + other.height) - Math.max(tile.top, other.top)
      expect(Math.min(across, down)).toBeLessThan(0.0001)
    }
  }
})

test('equal weights come out near squares', () => {
  for (const { width, height } of squarify(
    Array.from({ length: 12 }, () => 1),
    2,
  )) {
    const ratio = (width * 2) / height
    expect(Math.max(ratio, 1 / ratio)).toBeLessThan(2)
  }
})

test('nothing has no tiles', () => expect(squarify([], 2)).toEqual([]))
