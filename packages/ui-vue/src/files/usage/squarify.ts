/** A rectangle in percent of the whole. */
export interface Tile {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/**
 * Divides a rectangle into one tile for each weight, in their order, as close to squares as that goes: Bruls, Huizing and van
 * Wijk, "Squarified Treemaps" (2000).
 * @param weights above 0, largest first
 * @param ratio width of the whole divided by its height
 */
export function squarify(weights: readonly number[], ratio: number): readonly Tile[] {
  const sum = weights.reduce((total, weight) => total + weight, 0)
  if (sum <= 0) return []
  const areas = weights.map((weight) => (weight / sum) * ratio)
  const tiles: Tile[] = []
  let free = { left: 0, top: 0, width: ratio, height: 1 }
  for (let at = 0; at < areas.length;) {
    const side = Math.min(free.width, free.height)
    let end = at + 1
    while (end < areas.length && worst(areas.slice(at, end + 1), side) <= worst(areas.slice(at, end), side)) end += 1
    const row = areas.slice(at, end)
    const thickness = side > 0 ? row.reduce((total, area) => total + area, 0) / side : 0
    const isColumn = free.width >= free.height
    let offset = 0
    for (const area of row) {
      const length = thickness > 0 ? area / thickness : 0
      tiles.push(
        isColumn
          ? { left: free.left, top: free.top + offset, width: thickness, height: length }
          : { left: free.left + offset, top: free.top, width: length, height: thickness },
      )
      offset += length
    }
    free = isColumn
      ? { ...free, left: free.left + thickness, width: Math.max(0, free.width - thickness) }
      : { ...free, top: free.top + thickness, height: Math.max(0, free.height - thickness) }
    at = end
  }
  return tiles.map(({ left, top, width, height }) => ({
    left: (left / ratio) * 100,
    top: top * 100,
    width: (width / ratio) * 100,
    height: height * 100,
  }))
}

/** How far the least square tile of a row along this side is from a square; 1 is one. */
function worst(row: readonly number[], side: number): number {
  const sum = row.reduce((total, area) => total + area, 0)
  const [most, least] = [Math.max(...row), Math.min(...row)]
  return Math.max((side * side * most) / (sum * sum), (sum * sum) / (side * side * least))
}
