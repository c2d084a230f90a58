import { describeRules } from '../rules/describe-rules.ts'
import type { EggVariable } from '../model.ts'

/** Forms that only real secrets have. */
const SECRETS: readonly RegExp[] = [
  /\bgh[pousr]_[A-Za-z0-9]{36}\b/,
  /\bgithub_pat_\w{22,}\b/,
  /\bglpat-[\w-]{20}\b/,
  /\bAKIA[0-9A-Z]{16}\b/,
  /\bxox[abprs]-[\w-]{10,}/,
  /\b[MNO][A-Za-z0-9_-]{23,25}\.[\w-]{6}\.[\w-]{27,38}\b/,
  /-----BEGIN (?:RSA |EC |OPENSSH )?PRIVATE KEY-----/,
  /\bsk_live_[0-9a-zA-Z]{20,}\b/,
]

/** Whether a text holds what looks like a real key or token. */
export const holdsSecret = (text: string): boolean => SECRETS.some((pattern) => pattern.test(text))

/** Whether a variable is for a secret, and its default gives every server the same one. */
export function sharesSecret(variable: EggVariable): boolean {
  const { defaultValue, rules } = variable
  if (defaultValue.trim() === '' || isWord(defaultValue)) return false
  return describeRules(rules, variable).kind === 'secret'
}

/** Numbers, switches and addresses are none, whatever the variable is called. */
const isWord = (text: string): boolean =>
  /^(?:\d{1,2}|true|false|yes|no|on|off|none|null|undefined|https?:\/\/\S*)$/i.test(text.trim())
