/**
 * Makes a thing with its first use. For patterns with Unicode properties, which take a millisecond each, and large tables:
 * a program that imports the library may never ask for them.
 */
export function once<T extends object>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}
