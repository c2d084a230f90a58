import type { Egg, Labelled } from '../model.ts'
import type { FindingList } from './finding.ts'

/** Registry, path in lower case, tag and digest. */
const REFERENCE = /^[a-z0-9][a-z0-9.\-_]*(?::\d+)?(?:\/[a-z0-9._-]+)*(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/i
const UPPER_CASE_PATH = /^[^/]*\/[^:@]*[A-Z]/

export function lintImages(egg: Egg, list: FindingList): void {
  const { images, install } = egg
  if (images.length === 0) {
    list.note('error', 'EGG_NO_IMAGE', '/images', 'The egg has no Docker image; no server can start.', 'Add one.')
  }
  images.forEach(({ value }, index) => lintImage(value, `/images/${index}/value`, list))
  lintLabels(images, '/images', 'image', list)
  if (install && install.container !== '') lintImage(install.container, '/install/container', list)
}

function lintImage(image: string, pointer: string, list: FindingList): void {
  const trimmed = image.trim()
  if (trimmed !== image) {
    const edit = { op: 'replace', path: pointer, value: trimmed } as const
    const problem = 'The image has spaces around it, which Docker refuses.'
    list.note('warning', 'EGG_IMAGE_NAME', pointer, problem, 'Remove them.', edit)
  }
  // Pterodactyl lets an image begin with `~`, for one that is not to be pulled.
  const name = trimmed.replace(/^~/, '')
  if (!REFERENCE.test(name) || UPPER_CASE_PATH.test(name)) {
    const problem = `“${trimmed}” is no name of an image.`
    list.note('error', 'EGG_IMAGE_NAME', pointer, problem, 'Write it as in ghcr.io/owner/name:tag, in lower case.')
    return
  }
  const last = name.slice(name.lastIndexOf('/') + 1)
  // A colon before the last slash is the port of a registry.
  if (!/[:@]/.test(last)) {
    const problem = 'The image has no tag, so it is whatever is latest on the day of the start.'
    list.note('info', 'EGG_IMAGE_TAG', pointer, problem, `Name a tag, as in ${name}:1.`)
  } else if (last.endsWith(':latest')) {
    const problem = 'The tag latest is another image every few weeks.'
    list.note('info', 'EGG_IMAGE_TAG', pointer, problem, 'Name the tag of a version.')
  }
}

export function lintLabels(pairs: readonly Labelled[], pointer: string, noun: string, list: FindingList): void {
  const seen = new Set<string>()
  pairs.forEach(({ label }, index) => {
    if (seen.has(label)) {
      const problem = `Two ${noun}s have the label “${label}”; a file of a panel can hold one of them.`
      list.note('warning', 'EGG_LABEL_DUPLICATE', `${pointer}/${index}/label`, problem, 'Give them different labels.')
    }
    seen.add(label)
  })
}
