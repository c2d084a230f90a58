import { expect, test } from 'vitest'
import { startCommand } from './startup.ts'

const own = ['/bin/sh', '-c', 'exec ./game']

test.each([
  ['nothing', {}, { Cmd: own, needsInit: true }],
  ['a shell', { Cmd: ['bash'] }, { Cmd: own, needsInit: true }],
  ['a shell as entrypoint', { Entrypoint: ['/bin/bash'] }, { Entrypoint: own, Cmd: [], needsInit: true }],
  [
    'an interpreter behind an entrypoint that hands over',
    { Entrypoint: ['docker-entrypoint.sh'], Cmd: ['node'] },
    { Cmd: own, needsInit: true },
  ],
  ['tini and a shell', { Entrypoint: ['/usr/bin/tini', '--'], Cmd: ['/bin/sh'] }, { Cmd: own, needsInit: false }],
  ['tini alone', { Entrypoint: ['/tini', '--'] }, { Cmd: own, needsInit: false }],
])('runs the startup line itself where an image starts %s', (_, image, command) => {
  expect(startCommand(image, './game')).toEqual(command)
})

test.each([
  ['a yolk', { Cmd: ['/bin/bash', '/entrypoint.sh'] }, true],
  ['a yolk behind tini', { Entrypoint: ['/usr/bin/tini', '-g', '--'], Cmd: ['/entrypoint.sh'] }, false],
  ['a yolk with only an entrypoint', { Entrypoint: ['/entrypoint.sh'] }, true],
])('leaves the start to the image of %s', (_, image, needsInit) => {
  expect(startCommand(image, './game')).toEqual({ needsInit })
})
