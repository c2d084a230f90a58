import { expect, test } from 'vitest'
import { parseImageReference } from './image-reference.ts'

const digest = `sha256:${'a'.repeat(64)}`

test.each([
  ['debian', 'debian:latest', 'docker.io', 'library/debian'],
  ['acme/game:1.0', 'acme/game:1.0', 'docker.io', 'acme/game'],
  ['ghcr.io/ptero-eggs/yolks:java_21', 'ghcr.io/ptero-eggs/yolks:java_21', 'ghcr.io', 'ptero-eggs/yolks'],
  ['~ghcr.io/a/b', 'ghcr.io/a/b:latest', 'ghcr.io', 'a/b'],
  [' quay.io/a/b ', 'quay.io/a/b:latest', 'quay.io', 'a/b'],
  ['127.0.0.1:5000/x', '127.0.0.1:5000/x:latest', '127.0.0.1:5000', 'x'],
  ['localhost/x:1', 'localhost/x:1', 'localhost', 'x'],
  ['[::1]:5000/x', '[::1]:5000/x:latest', '[::1]:5000', 'x'],
  [`a/b@${digest}`, `a/b@${digest}`, 'docker.io', 'a/b'],
  [`a/b:1@${digest}`, `a/b:1@${digest}`, 'docker.io', 'a/b'],
])('reads %s', (text, full, registry, repository) => {
  expect(parseImageReference(text)).toMatchObject({ full, registry, repository })
})

test.each([
  '',
  '~',
  'UPPER',
  'case/UPPER',
  'a b',
  'a;rm -rf /',
  '$(id)',
  '`id`',
  '-v',
  '--privileged',
  'a/../b',
  'a//b',
  '/a',
  'a/',
  'a:',
  'a:tag:tag',
  'a@sha256:short',
  `a@${digest}@${digest}`,
  'a\nb',
  'a\0',
  'https://registry/a',
  `${'a/'.repeat(300)}a`,
  'a:'.padEnd(200, 'x'),
])('refuses %j', (text) => {
  expect(() => parseImageReference(text)).toThrow(expect.objectContaining({ code: 'IMAGE_INVALID' }))
})
