// What a TypeScript project without Node's types and without typebox sees of the stable parts.
import { chooseAllocation } from '@hatchery/core/allocations'
import { exportEgg, parseEgg, type Egg, type EggDiagnostic, type ParsedEgg } from '@hatchery/core/eggs'
import { AppError, type ErrorCode } from '@hatchery/core/errors'
import { hasPermission, type PermissionSpec } from '@hatchery/core/permissions'
import { createClient } from '@hatchery/core/sdk'

const parsed: Promise<ParsedEgg> = parseEgg('{}')
export const names: Promise<readonly string[]> = parsed.then(
  ({ egg }) => egg?.variables.map(({ envVariable }) => envVariable) ?? [],
)
export const codes = (found: readonly EggDiagnostic[]): readonly string[] => found.map(({ code }) => code)
export const asYaml = async (egg: Egg): Promise<string> => (await exportEgg(egg, 'PLCN_v3', { encoding: 'yaml' })).text
export const spec: PermissionSpec = { server: 'control.console' }
export const code: ErrorCode = 'SERVER_NOT_FOUND'
export const uses = [chooseAllocation, AppError, hasPermission, createClient]
// @ts-expect-error The types are there: this is no `any`.
export const wrong: number = parsed
