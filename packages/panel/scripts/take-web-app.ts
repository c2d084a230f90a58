// Before packing: puts the built web app beside the panel, which serves it from there in an installed package.
import { cpSync, existsSync, rmSync } from 'node:fs'
import path from 'node:path'

const from = path.resolve(import.meta.dirname, '../../ui-vue/app-dist')
const to = path.resolve(import.meta.dirname, '../web')
if (!existsSync(path.join(from, 'index.html')))
  throw new Error('Build the web app first: npm run build -w packages/ui-vue')
rmSync(to, { recursive: true, force: true })
cpSync(from, to, { recursive: true })
