import { copyFileSync, readFileSync } from 'node:fs'
import { defineConfig } from 'tsup'

const { exports } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8')) as {
  exports: Record<string, string | { '@hatchery/source': string }>
}

export default defineConfig({
  entry: {
    // The command line.
    main: './src/main.ts',
    ...Object.fromEntries(
      Object.values(exports).flatMap((target) =>
        typeof target === 'string'
          ? []
          : [[target['@hatchery/source'].replace('./src/', '').replace(/\.ts$/, ''), target['@hatchery/source']]],
      ),
    ),
  },
  format: 'esm',
  // Private: nobody else can install it.
  noExternal: ['@hatchery/migrations'],
  target: 'node24',
  dts: false,
  sourcemap: true,
  clean: true,
  // What the panel answers at /api/v1/openapi.json.
  onSuccess: async () =>
    copyFileSync(new URL('../core/openapi.json', import.meta.url), new URL('dist/openapi.json', import.meta.url)),
})
