import tailwindcss from '@tailwindcss/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig, type Plugin } from 'vite'

/** Puts the library's style sheet into the build; apps import it as `@hatchery/ui-vue/style.css`. */
const withStyles: Plugin = {
  name: 'hatchery:library-styles',
  transform: (code, id) => (id.endsWith('/src/index.ts') ? `import './styles/library.css'\n${code}` : undefined),
}

/** The library: components and composables for other people's apps. What they install themselves stays outside. */
export default defineConfig({
  plugins: [withStyles, vue(), tailwindcss()],
  publicDir: false,
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    sourcemap: true,
    minify: false,
    lib: { entry: 'src/index.ts', formats: ['es'], fileName: 'index', cssFileName: 'style' },
    rolldownOptions: {
      external: [/^@hatchery\/core/, /^(vue|vue-router|vue-i18n|pinia|reka-ui|uplot)$/, /^@(tanstack|lucide)\//],
    },
  },
})
