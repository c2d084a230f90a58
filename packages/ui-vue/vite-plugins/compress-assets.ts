import { readdir, readFile, writeFile } from 'node:fs/promises'
import { resolve, join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

const COMPRESSIBLE = /\.(js|css|html|svg|json|webmanifest)$/

/** Writes `.br` and `.gz` beside every text file of the build, so that the panel never compresses on the fly. */
export function compressAssets(): Plugin {
  let outDir = ''
  return {
    name: 'hatchery:compress-assets',
    apply: 'build',
    configResolved(config) {
      outDir = resolve(config.root, config.build.outDir)
    },
    async closeBundle() {
      const files = await readdir(outDir, { recursive: true, withFileTypes: true })
      for (const file of files) {
        if (!file.isFile() || !COMPRESSIBLE.test(file.name) || file.parentPath.includes('.vite')) continue
        const path = join(file.parentPath, file.name)
        const bytes = await readFile(path)
        if (bytes.length < 512) continue
        await writeFile(`${path}.gz`, gzipSync(bytes, { level: 9 }))
        await writeFile(
          `${path}.br`,
          brotliCompressSync(bytes, {
            params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
          }),
        )
      }
    },
  }
}
