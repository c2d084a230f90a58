import { readFileSync } from 'node:fs'
import { defineConfig } from 'tsup'

const { exports } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8')) as {
  exports: Record<string, string | { '@hatchery/source': string }>
}

export default defineConfig({
  entry: {
    // The command line.
    'cli/main': './src/cli/main.ts',
    ...Object.fromEntries(
      Object.values(exports).flatMap((target) =>
        typeof target === 'string'
          ? []
          : [[target['@hatchery/source'].replace('./src/', '').replace(/\.ts$/, ''), target['@hatchery/source']]],
      ),
    ),
  },
  format: 'esm',
  target: 'node22',
  dts: false,
  clean: true,
})
