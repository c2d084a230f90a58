import { patchConfigFile, readPropertiesFile } from '@hatchery/core/eggs'
import { computed, nextTick } from 'vue'
import type { ConfigSchema } from './config-schema.ts'

const READERS = { properties: readPropertiesFile } as const

/**
 * The values in a text, and how to change one. Comments, order and line ends of the text stay. Changes follow each other, each
 * made to what the text is by then.
 */
export function useConfigForm(options: {
  readonly schema: () => ConfigSchema
  readonly text: () => string
  readonly change: (text: string) => void
}) {
  let last: Promise<unknown> = Promise.resolve()

  async function apply(key: string, value: string): Promise<void> {
    const before = options.text()
    const next = await patchConfigFile(options.schema().parser, before, [{ match: key, ifValue: null, value }])
    // Somebody typed meanwhile: the change is made to what is there now.
    if (options.text() !== before) await apply(key, value)
    else if (next !== before) {
      options.change(next)
      // The next change has to see this one.
      await nextTick()
    }
  }

  return {
    values: computed(() => READERS[options.schema().parser](options.text())),
    set(key: string, value: string): Promise<void> {
      const done = last.then(() => apply(key, value))
      last = done.catch(() => undefined)
      return done
    },
  }
}
