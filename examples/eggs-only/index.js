// Reads an egg file, says what is wrong with it, and checks every default against its own rules.
// Usage: node index.js egg-minetest.json
// Exit codes: 0 clean, 1 findings, 2 unreadable.
import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { compileRules, describeRules, featuresOf, parseEgg, stopMethodOf, validateValue } from '@hatchery/core/eggs'

const [file] = process.argv.slice(2)
if (file === undefined) {
  console.error('Name an egg file: node index.js egg-minetest.json')
  process.exit(2)
}

const { egg, format, diagnostics } = await parseEgg(await readFile(file), { fileName: file })
for (const { severity, code, pointer, message } of diagnostics) {
  console.log(`${severity} ${code} ${pointer || '/'} ${message}`)
}
if (egg === null) process.exit(2)

const [image] = egg.images
console.log(`${egg.name} (${format}) by ${egg.author}`)
console.log(`image     ${image ? image.value : 'none'}`)
console.log(`features  ${featuresOf(egg).join(', ') || 'none'}`)
console.log(`stop      ${JSON.stringify(stopMethodOf(egg))}`)

let findings = diagnostics.length
for (const { envVariable, defaultValue, rules } of egg.variables) {
  const { kind, required } = describeRules(rules)
  const { ok, messages } = validateValue(compileRules(rules), defaultValue)
  // A required variable without a default waits for the person who creates the server.
  const isForPerson = required && defaultValue === ''
  if (!ok && !isForPerson) findings++
  const verdict = ok ? 'ok' : isForPerson ? 'to be entered' : messages.join(' ')
  console.log(`variable  ${envVariable} (${kind}) = ${JSON.stringify(defaultValue)}: ${verdict}`)
}
process.exitCode = findings > 0 ? 1 : 0
