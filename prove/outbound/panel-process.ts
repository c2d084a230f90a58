// A panel whose every caller is its administrator, and which may fetch from one address of this machine.
import process from 'node:process'
import { createPanel } from '../../packages/panel/src/create-panel.ts'
import { ensureFirstAdmin } from '../../packages/panel/src/users/first-admin.ts'

const [directory = '', allowed = ''] = process.argv.slice(2)
let administrator = ''
const panel = await createPanel({
  database: `sqlite:${directory}/panel.sqlite`,
  masterKey: { directory },
  log: 'silent',
  rateLimits: false,
  outbound: { allow: [allowed] },
  authenticate: async () => ({ userUuid: administrator }),
})
administrator = (await ensureFirstAdmin(panel.ctx)).uuid
const url = await panel.listen({ port: 0 })
process.on('SIGTERM', () => void panel.close())
process.stdout.write(`${url}\n`)
