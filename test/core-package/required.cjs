// Every module of the package can be required, which Node allows only where nothing waits at the top level.
const { readdirSync } = require('node:fs')
const path = require('node:path')

const dist = path.join(__dirname, 'node_modules/@hatchery/core/dist')
// The program itself prints its help.
process.argv = [process.argv[0], 'hatchery-core', 'help']
let count = 0
for (const entry of readdirSync(dist, { recursive: true })) {
  if (!entry.endsWith('.js')) continue
  require(path.join(dist, entry))
  count++
}
console.log(`${count} modules`)
