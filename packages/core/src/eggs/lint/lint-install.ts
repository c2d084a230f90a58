import type { Egg } from '../model.ts'
import type { FindingList } from './finding.ts'

const SCRIPT = '/install/script'
/** Of a line: what comes from the network goes straight into a shell. */
const PIPED =
  /\b(?:curl|wget)\b[^|;&]*\|\s*(?:sudo\s+)?(?:ba|da|a|z)?sh\b|\b(?:ba|da|a|z)?sh\s+(?:-c\s+)?["']?(?:<\(|\$\()\s*(?:curl|wget)\b/
const UNENCRYPTED = /\b(?:curl|wget)\b[^|;&]*\bhttp:\/\/(?!localhost\b|127\.|\[::1\])/
const UNCHECKED = /\bcurl\b[^|;&]*\s(?:-k|--insecure)\b|\bwget\b[^|;&]*\s--no-check-certificate\b/
const MAX_LINE = 1_000

export function lintInstall(egg: Egg, list: FindingList): void {
  const { install } = egg
  if (install === null) {
    const problem = 'The egg has no install script; a new server is empty.'
    list.note('info', 'EGG_NO_INSTALL', '/install', problem, 'Add one, unless the image brings the server with it.')
    return
  }
  const { script, container, entrypoint } = install
  if (script.trim() !== '') {
    const problem = (noun: string) => `The install script has no ${noun}, so no server can be installed.`
    if (container.trim() === '') {
      list.note('error', 'EGG_INSTALL_CONTAINER', '/install/container', problem('image'), 'Add one, as in debian:12.')
    }
    if (entrypoint.trim() === '') {
      list.note('error', 'EGG_INSTALL_ENTRYPOINT', '/install/entrypoint', problem('shell'), 'Add one: bash, ash or sh.')
    }
  }
  if (script.includes('\r')) {
    const edit = { op: 'replace', path: SCRIPT, value: script.replaceAll('\r\n', '\n').replaceAll('\r', '\n') } as const
    const problem = 'The lines of the script end as on Windows; run by hand it fails.'
    list.note('info', 'EGG_SCRIPT_LINE_ENDS', SCRIPT, problem, 'Save it with LF.', edit)
  }
  lintLines(script, list)
}

function lintLines(script: string, list: FindingList): void {
  const lines = script.split(/\r\n|\r|\n/)
  const [first = ''] = lines
  if (first.startsWith('#!\\')) {
    const edit = { op: 'replace', path: SCRIPT, value: script.replace(first, first.replaceAll('\\/', '/')) } as const
    const problem = `The first line, ${first.slice(0, 40)}, names no program.`
    list.note('info', 'EGG_SCRIPT_SHEBANG', SCRIPT, problem, 'Write #!/bin/bash.', edit)
  }
  const once = (words: RegExp, test: RegExp, note: (number: number) => void) => {
    // Most scripts do not have the words at all.
    if (!words.test(script)) return
    const index = lines.findIndex((line) => line.length <= MAX_LINE && !/^\s*#/.test(line) && test.test(line))
    if (index >= 0) note(index + 1)
  }
  once(/\b(?:ba|da|a|z)?sh\b/, PIPED, (number) => {
    const problem = `Line ${number} runs what it downloads without looking at it.`
    const fix = 'Download a named version, compare its checksum, then run it.'
    list.note('warning', 'EGG_SCRIPT_PIPE', SCRIPT, problem, fix)
  })
  once(/http:\/\//, UNENCRYPTED, (number) => {
    const problem = `Line ${number} downloads over http; anybody on the way can change the file.`
    list.note('warning', 'EGG_SCRIPT_HTTP', SCRIPT, problem, 'Use https.')
  })
  once(/-k\b|--insecure|--no-check-certificate/, UNCHECKED, (number) => {
    const problem = `Line ${number} does not check whom it downloads from.`
    list.note('warning', 'EGG_SCRIPT_HTTP', SCRIPT, problem, 'Remove -k, --insecure or --no-check-certificate.')
  })
  once(/\{\{/, /\{\{[A-Z]\w*\}\}/, (number) => {
    const problem = `Line ${number} has a name in braces, which nothing replaces in a script.`
    list.note('warning', 'EGG_PLACEHOLDER_BROKEN', SCRIPT, problem, 'Write $' + '{NAME}.')
  })
}
