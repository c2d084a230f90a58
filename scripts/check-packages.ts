// Packs each published package and asks publint and are-the-types-wrong whether others can use it.
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import process from 'node:process'

const root = path.resolve(import.meta.dirname, '..')
let isClean = true
for (const name of ['core', 'daemon', 'panel', 'ui-vue']) {
  const folder = path.join(root, 'packages', name)
  run('publint', ['run', folder, '--strict'])
  // Only bundlers read the components: their types stand in `X.vue.d.ts`, which Node's own resolution does not know, and the
  // style sheet is no module.
  const vue = ['--exclude-entrypoints', './style.css', '--ignore-rules', 'internal-resolution-error']
  run('attw', ['--pack', folder, '--profile', 'esm-only', ...(name === 'ui-vue' ? vue : [])])
}
process.exitCode = isClean ? 0 : 1

function run(tool: string, argv: readonly string[]): void {
  console.log(`${tool} ${argv.join(' ')}`)
  const { status } = spawnSync(path.join(root, 'node_modules/.bin', tool), argv, { stdio: 'inherit', cwd: root })
  if (status !== 0) isClean = false
}
