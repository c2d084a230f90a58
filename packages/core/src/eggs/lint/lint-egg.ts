import type { Egg } from '../model.ts'
import { FindingList, type EggFinding } from './finding.ts'
import { lintConfigFiles } from './lint-config-files.ts'
import { lintImages } from './lint-images.ts'
import { lintInstall } from './lint-install.ts'
import { lintProcess } from './lint-process.ts'
import { lintVariables } from './lint-variables.ts'
import { holdsSecret } from './secrets.ts'

/**
 * What will not work and what is risky about an egg that was read, each with what to do and, where a machine can do it,
 * the edit. The order is stable: by part, then as the egg has it.
 *
 * @example
 * const findings = lintEgg(egg)
 * const better = fixEgg(egg, findings)
 */
export function lintEgg(egg: Egg): EggFinding[] {
  const list = new FindingList()
  lintImages(egg, list)
  lintProcess(egg, list)
  lintConfigFiles(egg, list)
  lintInstall(egg, list)
  lintVariables(egg, list)
  lintRest(egg, list)
  return list.findings
}

const FEATURES: ReadonlySet<string> = new Set([
  'eula',
  'java_version',
  'pid_limit',
  'steam_disk_space',
  'gsl_token',
  'fastdl',
])

function lintRest(egg: Egg, list: FindingList): void {
  egg.features.forEach((feature, index) => {
    if (FEATURES.has(feature)) return
    const problem = `No panel knows the feature “${feature}”, so nothing happens.`
    list.note('info', 'EGG_FEATURE_UNKNOWN', `/features/${index}`, problem, 'Remove or correct it.')
  })
  egg.fileDenylist.forEach((pattern, index) => lintDenied(pattern, `/fileDenylist/${index}`, list))
  lintUpdateUrl(egg.updateUrl, list)
  const texts: readonly (readonly [string, string])[] = [
    ...egg.startupCommands.map(({ value }, index) => [`/startupCommands/${index}/value`, value] as const),
    ['/install/script', egg.install?.script ?? ''],
    ...egg.config.files.flatMap(({ replace }, at) =>
      replace.map(
        ({ value }, index) =>
          [`/config/files/${at}/replace/${index}/value`, typeof value === 'string' ? value : ''] as const,
      ),
    ),
  ]
  for (const [pointer, text] of texts) {
    if (!holdsSecret(text)) continue
    const problem = 'This holds what looks like a real secret, and everybody who has the egg can read it.'
    list.note('error', 'EGG_SECRET', pointer, problem, 'Revoke it, and use a variable.')
  }
}

function lintDenied(pattern: string, pointer: string, list: FindingList): void {
  const fix = 'Name the files, as in server.jar or *.pak.'
  if (/^\/?\*{0,2}\/?\*{0,2}$/.test(pattern.trim())) {
    list.note('warning', 'EGG_DENYLIST', pointer, 'The pattern denies every file of the server.', fix)
  } else if (pattern.split('/').includes('..')) {
    list.note('warning', 'EGG_DENYLIST', pointer, 'A path outside of the server is never matched.', fix)
  } else if (pattern.startsWith('#')) {
    list.note(
      'warning',
      'EGG_DENYLIST',
      pointer,
      'A pattern that begins with # is a comment.',
      'Write \\# for the character.',
    )
  }
}

function lintUpdateUrl(address: string | null, list: FindingList): void {
  if (address === null) return
  const pointer = '/updateUrl'
  if (['', 'null'].includes(address.trim())) {
    const edit = { op: 'replace', path: pointer, value: null } as const
    list.note('info', 'EGG_UPDATE_URL', pointer, `“${address}” is no address.`, 'Write null where there is none.', edit)
  } else if (!URL.canParse(address)) {
    list.note('warning', 'EGG_UPDATE_URL', pointer, `“${address}” is no address.`, 'Write it with https://.')
  } else if (new URL(address).protocol !== 'https:') {
    const problem = 'The egg is updated over an address that is not encrypted.'
    list.note('warning', 'EGG_UPDATE_URL', pointer, problem, 'Use https.')
  }
}
