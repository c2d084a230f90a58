import type { Egg } from './model.ts'

/** What a console line holds, in lower case, when a feature asks for a person. */
const SIGNS: Readonly<Record<string, readonly string[]>> = {
  eula: ['you need to agree to the eula in order to run the server'],
  java_version: [
    'java.lang.unsupportedclassversionerror',
    'unsupported major.minor version',
    'has been compiled by a more recent version of the java runtime',
    'minecraft 1.17 requires running the server with java 16 or above',
    'minecraft 1.18 requires running the server with java 17 or above',
    'minecraft 1.19 requires running the server with java 17 or above',
  ],
  gsl_token: ['(gsl token expired)', '(account not found)'],
  pid_limit: [
    'pthread_create failed',
    'failed to create thread',
    'unable to create thread',
    'unable to create native thread',
    'unable to create new native thread',
    'exception in thread "craft async scheduler management thread"',
  ],
  steam_disk_space: ['steamcmd needs 250mb of free disk space to update', '0x202 after update job'],
}

// oxlint-disable-next-line no-control-regex -- terminal colours begin with ESC
const ANSI = /\u001b\[[0-9;?]*[ -/]*[@-~]/g

/** The features that an egg names, in its order, each once; also those that no panel knows. */
export const featuresOf = (egg: Pick<Egg, 'features'>): readonly string[] => [...new Set(egg.features)]

/** A server of any version of the game asks in these words. */
const NEWER_JAVA = /minecraft \S+ requires running the server with java \d+ or above/

/**
 * The first feature of the egg that the console line is about, or null. A feature that nobody has signs for never
 * matches; colours and upper case do not matter.
 *
 * @param egg an egg, or the names of its features
 * @example matchFeature(egg, 'You need to agree to the EULA in order to run the server.')?.feature // 'eula'
 */
export function matchFeature(
  egg: Pick<Egg, 'features'> | readonly string[],
  line: string,
): { readonly feature: string } | null {
  const features = 'features' in egg ? egg.features : egg
  const shown = line.replace(ANSI, '').toLowerCase()
  const isAbout = (name: string) =>
    (Object.hasOwn(SIGNS, name) && SIGNS[name]?.some((sign) => shown.includes(sign))) ||
    (name === 'java_version' && NEWER_JAVA.test(shown))
  const feature = features.find(isAbout)
  return feature === undefined ? null : { feature }
}
