const MASK = '••••••'
/** Shorter values occur by chance in ordinary lines. */
const MIN_LENGTH = 4

/** Replaces the values of secret variables wherever they occur. Values under four characters are left alone. */
export function createSecretMask(
  environment: Readonly<Record<string, string>>,
  secretVariables: readonly string[],
): (text: string) => string {
  const values = secretVariables
    .flatMap((name) => environment[name] ?? [])
    .filter((value) => value.trim().length >= MIN_LENGTH)
    // The longest first, so that a value which contains another is masked whole.
    .sort((a, b) => b.length - a.length)
  if (values.length === 0) return (text) => text
  return (text) => {
    let masked = text
    for (const value of values) if (masked.includes(value)) masked = masked.replaceAll(value, MASK)
    return masked
  }
}
