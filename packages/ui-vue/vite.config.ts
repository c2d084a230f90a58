import tailwindcss from '@tailwindcss/vite'
import vue from '@vitejs/plugin-vue'
import { defaultClientConditions, defineConfig } from 'vite'
import { compressAssets } from './vite-plugins/compress-assets.ts'
import { precompileMessages } from './vite-plugins/precompile-messages.ts'

// A shell or a test runner that says otherwise must not put a development build of Vue into the app.
if (process.argv.includes('build')) process.env['NODE_ENV'] = 'production'

/** The web app that the panel serves: hashed files in `app-dist/`, with a manifest for the size check. */
export default defineConfig({
  plugins: [vue(), tailwindcss(), precompileMessages(), compressAssets()],
  base: '/',
  resolve: { conditions: ['@hatchery/source', ...defaultClientConditions] },
  define: {
    __VUE_OPTIONS_API__: 'false',
    __VUE_PROD_DEVTOOLS__: 'false',
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
    __VUE_I18N_FULL_INSTALL__: 'false',
    __VUE_I18N_LEGACY_API__: 'false',
    __INTLIFY_PROD_DEVTOOLS__: 'false',
    __INTLIFY_DROP_MESSAGE_COMPILER__: 'true',
  },
  build: {
    outDir: 'app-dist',
    emptyOutDir: true,
    manifest: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 400,
  },
  server: {
    port: 5173,
    proxy: { '/api': { target: process.env['HATCHERY_PANEL'] ?? 'http://127.0.0.1:8080', ws: true } },
  },
})
