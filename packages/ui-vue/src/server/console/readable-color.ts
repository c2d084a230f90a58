/** WCAG contrast that text has to reach. */
const WANTED = 4.5
const cache = new Map<string, string>()

/** An `rgb()` colour moved towards black or white until it can be read on the background. */
export function readableColor(color: string, background: string): string {
  const key = `${color}|${background}`
  const known = cache.get(key)
  if (known) return known
  const ground = channels(background)
  const towards = luminance(ground) > 0.4 ? 0 : 255
  let mixed = channels(color)
  for (let step = 0; step < 20 && contrast(mixed, ground) < WANTED; step += 1) {
    mixed = mixed.map((value) => Math.round(value + (towards - value) * 0.15)) as unknown as Rgb
  }
  const result = `rgb(${mixed.join(' ')})`
  cache.set(key, result)
  return result
}

export type Rgb = readonly [red: number, green: number, blue: number]

/** Reads `#rrggbb` and `rgb(r g b)`. */
export function channels(color: string): Rgb {
  const hex = /^#(..)(..)(..)$/.exec(color.trim())
  const parts = hex ? hex.slice(1).map((part) => Number.parseInt(part, 16)) : (color.match(/\d+/g) ?? []).map(Number)
  return [parts[0] ?? 0, parts[1] ?? 0, parts[2] ?? 0]
}

export function contrast(one: Rgb, other: Rgb): number {
  const [dark, light] = [luminance(one), luminance(other)].toSorted((a, b) => a - b) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

function luminance(color: Rgb): number {
  const [red, green, blue] = color.map((value) => {
    const share = value / 255
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
