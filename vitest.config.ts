import { defineConfig } from 'vitest/config'

const conditions = ['@hatchery/source']
const node = (name: string, include: string[], testTimeout = 20_000) => ({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: { name, include, testTimeout },
})

export default defineConfig({
  test: {
    projects: [
      node('core', ['packages/core/src/**/*.test.ts']),
      node('panel', ['packages/panel/src/**/*.test.ts', 'migrations/src/**/*.test.ts'], 30_000),
      node('daemon', ['packages/daemon/src/**/*.test.ts']),
      node('scripts', ['scripts/**/*.test.ts'], 60_000),
      './packages/ui-vue/vitest.config.ts',
      {
        resolve: { conditions },
        ssr: { resolve: { conditions } },
        // The whole product, a browser and real games: one file after the other.
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 240_000,
        },
      },
    ],
  },
})
