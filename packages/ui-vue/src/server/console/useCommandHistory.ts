import { shallowRef, type ShallowRef } from 'vue'

const MOST_KEPT = 50

/** The commands sent to one server from this device, walked through with ↑ and ↓. */
export function useCommandHistory(server: string, input: ShallowRef<string>) {
  const key = `hatchery:commands:${server}`
  const commands = shallowRef<readonly string[]>(read(key))
  let position = -1
  let draft = ''

  function remember(command: string): void {
    position = -1
    commands.value = [command, ...commands.value.filter((one) => one !== command)].slice(0, MOST_KEPT)
    try {
      localStorage.setItem(key, JSON.stringify(commands.value))
    } catch (error) {
      console.warn('The command could not be remembered.', error)
    }
  }

  /** `1` goes to older commands, `-1` back to newer ones and at last to what was being typed. */
  function walk(by: 1 | -1): void {
    const next = position + by
    if (next < -1 || next >= commands.value.length) return
    if (position === -1) draft = input.value
    position = next
    input.value = next === -1 ? draft : (commands.value[next] ?? '')
  }

  return { commands, remember, walk }
}

function read(key: string): readonly string[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? '[]')
    return Array.isArray(stored) ? stored.filter((command) => typeof command === 'string') : []
  } catch (error) {
    console.warn('The remembered commands could not be read.', error)
    return []
  }
}
