// Reads an egg file of any panel, says what is wrong with it, shows what it holds, and writes it for another panel.
// Usage: node index.js egg-minetest.json [PTDL_v2|PLCN_v3|calagopus|hatchery]
// Exit codes: 0 clean, 1 findings, 2 unreadable.
import { readFile, writeFile } from 'node:fs/promises'
import process from 'node:process'
import {
  compileRules,
  describeRules,
  exportEgg,
  featuresOf,
  lintEgg,
  parseEgg,
  stopMethodOf,
  validateValue,
} from '@hatchery/core/eggs'

const [file, target] = process.argv.slice(2)
if (file === undefined) {
  console.error('Name an egg file: node index.js egg-minetest.json')
  process.exit(2)
}

// Parse: bad input is answered with diagnostics, never thrown at.
const { egg, format, diagnostics } = await parseEgg(await readFile(file), { fileName: file })

// Lint: what will not work and what is risky, each with what to do.
const findings = [...diagnostics, ...(egg ? lintEgg(egg) : [])]
for (const { severity, code, pointer, message } of findings) {
  console.log(`${severity} ${code} ${pointer || '/'} ${message}`)
}
if (egg === null) process.exit(2)

const [image] = egg.images
console.log(`${egg.name} (${format}) by ${egg.author}`)
console.log(`image     ${image ? image.value : 'none'}`)
console.log(`features  ${featuresOf(egg).join(', ') || 'none'}`)
console.log(`stop      ${JSON.stringify(stopMethodOf(egg))}`)

// Rules: what a form shows, and whether the default passes as Laravel would judge it.
for (const { envVariable, defaultValue, rules } of egg.variables) {
  const { kind, required } = describeRules(rules)
  const { ok, messages } = validateValue(compileRules(rules), defaultValue)
  // A required variable without a default waits for the person who creates the server.
  const verdict = ok ? 'ok' : required && defaultValue === '' ? 'to be entered' : messages.join(' ')
  console.log(`variable  ${envVariable} (${kind}) = ${JSON.stringify(defaultValue)}: ${verdict}`)
}

// Export: the egg for another panel, and what its format cannot hold.
if (target !== undefined) {
  const { text, losses } = await exportEgg(egg, target)
  for (const { pointer, message } of losses) console.log(`lost      ${pointer} ${message}`)
  const output = `${target}.json`
  await writeFile(output, text)
  console.log(`written   ${output}`)
}
process.exitCode = findings.some(({ severity }) => severity !== 'info') ? 1 : 0
