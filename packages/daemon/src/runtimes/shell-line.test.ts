import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { describe, expect, test } from 'vitest'
import { shellLine, waitingShellLine } from './shell-line.ts'

test('puts exec before a simple command only', () => {
  const simple = [
    './openttd -D',
    'java -Xms128M -jar "server file.jar" nogui',
    '${BINARY} -x $PORT',
    '/home/container/start.sh',
  ]
  for (const line of simple) expect(shellLine(line)).toBe(`exec ${line}`)
  const rest = [
    'cd x && ./y',
    'A=1 ./x',
    'export A=1; ./x',
    'if true; then ./x; fi',
    './x | tee log',
    'exec ./x',
    './x > log',
    '$(cat start)',
    './a\n./b',
  ]
  for (const line of rest) expect(shellLine(line)).toBe(waitingShellLine(line))
})

const GAME = `sh -c 'trap "echo saving; sleep 0.2; echo saved; exit 3" TERM INT; echo ready; while :; do sleep 0.05; done'`
const SHELLS = [['sh'], ['busybox', 'sh'], ['bash']].filter(([program]) => existsSync(`/bin/${program}`))

for (const shell of SHELLS) {
  describe(`in ${shell.join(' ')}`, () => {
    test.for([
      ['a line of several commands', `echo first; ${GAME}; echo never`, 'SIGTERM'],
      ['a line of several commands, interrupted', `echo first; ${GAME}; echo never`, 'SIGINT'],
      ['a loop that starts the game again', `while true; do ${GAME}; done`, 'SIGTERM'],
      ['a game in the background', `${GAME} & wait`, 'SIGTERM'],
      ['a variable before the game', `A=1 ${GAME}`, 'SIGTERM'],
    ] as const)('%s waits until the game has saved', async ([, line, signal]) => {
      const [program, ...args] = shell
      // A group of its own, as the init makes one.
      const child = spawn(program!, [...args, '-c', shellLine(line)], {
        detached: true,
        stdio: ['pipe', 'pipe', 'ignore'],
      })
      const lines: string[] = []
      for await (const text of createInterface({ input: child.stdout })) {
        lines.push(text)
        if (text === 'ready') process.kill(-child.pid!, signal)
      }
      if (child.exitCode === null) await once(child, 'exit')
      expect(lines.filter((text) => text !== 'first')).toEqual(['ready', 'saving', 'saved'])
      expect(child.signalCode).toBeNull()
    })
  })
}
