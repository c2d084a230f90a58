import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [vue()],
  resolve: { conditions: ['@hatchery/source'] },
  test: { name: 'ui-vue', environment: 'happy-dom', include: ['src/**/*.test.ts'] },
})
