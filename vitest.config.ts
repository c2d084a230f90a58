import { defineConfig } from 'vitest/config'

const conditions = ['@hatchery/source']
const node = (name: string, include: string[]) => ({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: { name, include },
})

export default defineConfig({
  test: {
    projects: [
      node('core', ['packages/core/src/**/*.test.ts']),
      node('panel', ['packages/panel/src/**/*.test.ts', 'migrations/src/**/*.test.ts']),
      node('daemon', ['packages/daemon/src/**/*.test.ts']),
      './packages/ui-vue/vitest.config.ts',
    ],
  },
})
