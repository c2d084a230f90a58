export type {
  Egg,
  EggConfig,
  EggConfigFile,
  EggDiagnostic,
  EggDiagnosticCode,
  EggDiagnosticSeverity,
  EggFormat,
  EggInstall,
  EggOrigin,
  EggReplacement,
  EggVariable,
  Json,
  Labelled,
  UnknownKey,
} from './model.ts'
export { parseEgg, type ParsedEgg, type ParseEggOptions } from './parse.ts'
export type { EggServer, EggServerAllocation } from './server.ts'
export { environmentOf, renderStartup } from './startup.ts'
export { stopMethodOf, type StopMethod } from './stop.ts'
export { compileRules, type CompiledRule, type CompiledRules } from './rules/compile-rules.ts'
export { validateValue, type ValidateOptions, type Validation } from './rules/validate-value.ts'
export type { PatternBudget } from './pattern/pattern.ts'
export { describeRules, type VariableInput } from './rules/describe-rules.ts'
export { configFilesOf, type ConfigFile } from './config-files.ts'
export {
  processConfiguration,
  type ProcessConfigFile,
  type ProcessConfiguration,
  type ProcessPanel,
} from './process-configuration.ts'
export { featuresOf, matchFeature } from './features.ts'
export { javaImagesFor, requiredJavaVersion } from './java-images.ts'
export { patchConfigFile } from './config-patch/patch-config-file.ts'
export { readPropertiesFile } from './config-patch/patch-properties.ts'
export type { DaemonReplacement, FindMap } from './config-patch/read-replacements.ts'
export { ConfigPatchError } from './config-patch/config-patch-error.ts'
export type { ConfigParser, ConfigReplacement, PatchContext } from './config-patch/replacement.ts'
export { lintEgg } from './lint/lint-egg.ts'
export { fixEgg } from './lint/fix-egg.ts'
export type { EggEdit, EggFinding } from './lint/finding.ts'
export { diffEggs } from './diff/diff-eggs.ts'
export type { EggArea, EggChange, EggEffect } from './diff/egg-change.ts'
export { exportEgg, type ExportedEgg, type ExportEggOptions, type ExportFormat } from './export/export-egg.ts'
export type { EggLoss, EggLossCode } from './export/egg-loss.ts'
