import { shallowRef, watch, type ShallowRef } from 'vue'

/** A choice that this device remembers, such as "wrap long lines". */
export function usePreference<T extends string>(name: string, values: readonly T[], initial: T): ShallowRef<T> {
  const key = `hatchery:${name}`
  const choice: ShallowRef<T> = shallowRef(read(key, values) ?? initial) as ShallowRef<T>
  watch(choice, (next) => {
    try {
      localStorage.setItem(key, next)
    } catch (error) {
      console.warn(`${name} could not be remembered.`, error)
    }
  })
  return choice
}

function read<T extends string>(key: string, values: readonly T[]): T | undefined {
  try {
    const stored = localStorage.getItem(key)
    return values.find((value) => value === stored)
  } catch (error) {
    console.warn(`${key} could not be read.`, error)
    return undefined
  }
}
