import type { Egg, EggDiagnostic, EggVariable } from './model.ts'
import { PELICAN_RESERVED } from './pelican-import.ts'
import { CHECKS } from './rules/checks.ts'
import { compileRules } from './rules/compile-rules.ts'
import { validateValue } from './rules/validate-value.ts'
import { stopMethodOf } from './stop.ts'
import { pointerTo } from './tree.ts'

const PROVIDED = new Set(['SERVER_MEMORY', 'SERVER_IP', 'SERVER_PORT', 'STARTUP', 'TZ', ...PELICAN_RESERVED])

/** A colon before the last slash is the port of a registry. */
const hasTag = (image: string): boolean => /[:@]/.test(image.slice(image.lastIndexOf('/') + 1))

/**
 * What will not work and what is risky about an egg that was read, each with what to do. Pointers are into Hatchery's own
 * form of the egg.
 */
export function lintEgg(egg: Egg): EggDiagnostic[] {
  return [
    ...lintParts(egg),
    ...egg.variables.flatMap((variable, index) => lintVariable(variable, `/variables/${index}`)),
  ]
}

function lintParts(egg: Egg): EggDiagnostic[] {
  const found: EggDiagnostic[] = []
  const note = (severity: EggDiagnostic['severity'], code: EggDiagnostic['code'], pointer: string, message: string) =>
    found.push({ severity, code, pointer, message })

  if (egg.images.length === 0) note('error', 'EGG_NO_IMAGE', '/images', 'Add a Docker image.')
  egg.images.forEach(({ value }, index) => {
    const pointer = `/images/${index}/value`
    if (value !== value.trim()) note('warning', 'EGG_IMAGE_NAME', pointer, 'Remove the spaces around the image.')
    else if (!hasTag(value))
      note('info', 'EGG_IMAGE_NAME', pointer, `Name a tag, as in ${value}:1; without one it is latest.`)
  })
  if (egg.startupCommands.length === 0) note('error', 'EGG_NO_STARTUP', '/startupCommands', 'Add a start command.')
  if (egg.config.done.length === 0) {
    note('warning', 'EGG_NO_DONE', '/config/done', 'Name a text that the console shows when the server is ready.')
  }
  egg.config.done.forEach((text, index) => {
    const message =
      'An empty text is found in the first line already; name one that the server prints when it is ready.'
    if (text === '') note('warning', 'EGG_NO_DONE', pointerTo('/config/done', index), message)
  })
  const method = stopMethodOf(egg)
  if (method.type === 'signal' && method.signal === 'SIGKILL') {
    note(
      'info',
      'EGG_STOP_KILLS',
      '/config/stop',
      'The server is killed and cannot save; use ^C or a command if it knows one.',
    )
  }
  return found
}

function lintVariable(variable: EggVariable, pointer: string): EggDiagnostic[] {
  const found: EggDiagnostic[] = []
  const { envVariable, defaultValue, rules } = variable
  if (PROVIDED.has(envVariable.toUpperCase())) {
    found.push({
      severity: 'warning',
      code: 'EGG_VARIABLE_RESERVED',
      pointer: `${pointer}/envVariable`,
      message: `Choose another name: ${envVariable} is one that panels and images set themselves.`,
    })
  }
  const compiled = compileRules(rules)
  for (const rule of compiled.rules) {
    if (CHECKS.has(rule.name)) continue
    found.push({
      severity: 'warning',
      code: 'EGG_RULE_UNKNOWN',
      pointer: `${pointer}/rules`,
      message: `Remove or correct the rule ${rule.written}: it is not known.`,
    })
  }
  const { ok, messages, failed, isRuleBroken } = validateValue(compiled, defaultValue)
  // A required variable without a default waits for the person who creates the server.
  const isForPerson = defaultValue === '' && failed[0] === 'Required'
  if (!ok && !isForPerson) {
    found.push({
      severity: 'warning',
      code: isRuleBroken ? 'EGG_RULE_BROKEN' : 'EGG_DEFAULT_INVALID',
      pointer: isRuleBroken ? `${pointer}/rules` : `${pointer}/defaultValue`,
      message: isRuleBroken
        ? (messages[0] ?? 'Correct the rules.')
        : `Change the default, it fails its own rules. ${messages.join(' ')}`,
    })
  }
  return found
}
