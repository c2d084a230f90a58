import { describeRules, type EggVariable } from '@hatchery/core/eggs'
import type { Context } from '../context.ts'
import { isSealed } from '../secrets/aes-secret-box.ts'

type Secrets = Pick<Context, 'secrets'>

/** Marked as a secret by its egg, or named like one: sealed in the database, covered in previews and consoles. */
export function isSecretVariable(variable: Pick<EggVariable, 'envVariable' | 'rules' | 'secret'>): boolean {
  return variable.secret === true || describeRules(variable.rules, variable).kind === 'secret'
}

/**
 * The value as it is stored. Text that only looks sealed is sealed as well, whoever wrote it, so that what looks sealed in the
 * database always is.
 */
export function sealVariable(
  ctx: Secrets,
  server: string,
  variable: { readonly name: string; readonly value: string; readonly isSecret: boolean },
): string {
  const { name, value, isSecret } = variable
  return isSecret || isSealed(value) ? ctx.secrets.encrypt(value, placeOf(server, name)) : value
}

/**
 * The value in clear. What it is stored as decides, not the egg: an update of an egg may have changed what is secret since.
 * @throws AppError `INTERNAL` when it was sealed for another server or another variable
 */
export function openVariable(ctx: Secrets, server: string, name: string, stored: string): string {
  return isSealed(stored) ? Buffer.from(ctx.secrets.decrypt(stored, placeOf(server, name))).toString('utf8') : stored
}

const placeOf = (server: string, name: string): string => `server_variables:value:${server}:${name}`
