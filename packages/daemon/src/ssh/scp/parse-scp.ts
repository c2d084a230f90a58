export interface ScpCommand {
  readonly direction: 'take' | 'send'
  readonly isRecursive: boolean
  readonly keepsTimes: boolean
  /** The target has to be a directory. */
  readonly needsDirectory: boolean
  readonly paths: readonly string[]
}

/**
 * What the old scp asks the other side to run, such as `scp -r -t folder`; null for anything else. Quotes and backslashes mean
 * what they mean to a shell, and nothing more of what a shell does is done.
 */
export function parseScp(command: string): ScpCommand | null {
  const words = splitWords(command)
  if (!words || !/^(?:.*\/)?scp$/.test(words[0] ?? '')) return null
  const flags = new Set<string>()
  let at = 1
  for (; at < words.length; at += 1) {
    const word = words[at]!
    if (word === '--') {
      at += 1
      break
    }
    if (!/^-[a-zA-Z]+$/.test(word)) break
    for (const letter of word.slice(1)) flags.add(letter)
  }
  const paths = words.slice(at)
  const known = ['t', 'f', 'r', 'p', 'd', 'v', 'q']
  if ([...flags].some((flag) => !known.includes(flag)) || flags.has('t') === flags.has('f')) return null
  if (flags.has('t') && paths.length > 1) return null
  return {
    direction: flags.has('t') ? 'take' : 'send',
    isRecursive: flags.has('r'),
    keepsTimes: flags.has('p'),
    needsDirectory: flags.has('d'),
    paths: paths.length > 0 ? paths : ['.'],
  }
}

/** @returns null where a quote does not end */
function splitWords(command: string): string[] | null {
  const words: string[] = []
  let word: string | null = null
  let quote = ''
  for (let at = 0; at < command.length; at += 1) {
    const character = command[at]!
    if (quote !== "'" && character === '\\' && at + 1 < command.length) {
      at += 1
      word = (word ?? '') + command[at]!
    } else if (quote !== '') {
      if (character === quote) quote = ''
      else word += character
    } else if (character === '"' || character === "'") {
      quote = character
      word ??= ''
    } else if (character === ' ' || character === '\t') {
      if (word !== null) words.push(word)
      word = null
    } else word = (word ?? '') + character
  }
  if (quote !== '') return null
  if (word !== null) words.push(word)
  return words
}
