import { PassThrough } from 'node:stream'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { pause } from '../../servers/pause.ts'
import { MemoryGame, SshStage } from '../../testing/ssh-stage.ts'
import { printable } from './printable.ts'
import { runShell, type TerminalSize } from './run-shell.ts'

const ssh = (stage: SshStage, args: readonly string[], input?: string) =>
  stage.run('ssh', [...stage.clientOptions, '-T', stage.target, ...args], input)

test('commands by ssh show and steer the server, and end with a code', async () => {
  await using stage = await SshStage.start()
  stage.game.print('first line')
  writeFileSync(join(stage.root, 'file'), 'content\n')
  expect(await ssh(stage, ['status'])).toMatchObject({ code: 0, stdout: expect.stringContaining('Test is running.') })
  expect(await ssh(stage, ['send', 'say hello  there'])).toMatchObject({ code: 0 })
  expect(stage.game.typed).toEqual(['say hello  there'])
  expect(await ssh(stage, ['logs', '10'])).toMatchObject({ code: 0, stdout: expect.stringContaining('first line\n') })
  expect(await ssh(stage, ['ls'])).toMatchObject({ code: 0, stdout: expect.stringContaining(' file\n') })
  expect(await ssh(stage, ['cat', 'file'])).toMatchObject({ code: 0, stdout: 'content\n' })
  expect(await ssh(stage, ['cat', '/../../etc/passwd'])).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('does not exist'),
  })
  expect(await ssh(stage, ['stop'])).toMatchObject({ code: 0, stdout: 'The server is stopping.\n' })
  expect(stage.game.powered).toEqual(['stop'])
  expect(await ssh(stage, ['logs', '-1'])).toMatchObject({ code: 1 })
  expect(await ssh(stage, ['constructor'])).toMatchObject({ code: 127 })
  expect(stage.faults).toEqual([])
})

test('a shell takes commands from a pipe', async () => {
  await using stage = await SshStage.start()
  const { code, stdout } = await ssh(stage, [], 'status\nsend one\nhelp\nexit\nsend two\n')
  expect(code).toBe(0)
  expect(stdout).toContain('Test is running.')
  expect(stdout).toContain('console')
  expect(stage.game.typed).toEqual(['one'])
})

test.each([
  ['start', 'control.start'],
  ['stop', 'control.stop'],
  ['kill', 'control.stop'],
  ['restart', 'control.restart'],
  ['send x', 'control.console'],
  ['logs', 'control.console'],
  ['console', 'control.console'],
  ['ls', 'file.read'],
  ['cat file', 'file.read-content'],
])('%s needs %s', async (line, permission) => {
  await using stage = await SshStage.start({ permissions: ['websocket.connect'] })
  const { code, stdout } = await ssh(stage, [line])
  expect(code).toBe(1)
  expect(stdout).toContain(permission)
  expect([stage.game.typed, stage.game.powered]).toEqual([[], []])
})

/** A terminal in a browser: two streams and a size. */
async function openTerminal() {
  const stage = await SshStage.start()
  const game = new MemoryGame()
  const [input, output] = [new PassThrough(), new PassThrough()]
  const stop = new AbortController()
  let shown = ''
  let wake: () => void = () => undefined
  output.on('data', (chunk: Buffer) => {
    shown += chunk.toString()
    wake()
  })
  const open = async () => (await Promise.reject(new Error('no files'))) as never
  const size: TerminalSize = { columns: 80, rows: 24 }
  const ended = runShell({
    server: game,
    files: { owner: { uid: 0, gid: 0 }, toRead: open, toWrite: open, diskRoom: open },
    permissions: new Set(['control.console']),
    ownerName: 'server',
    now: Date.now,
    pause,
    onDone: () => undefined,
    onFault: () => undefined,
    input,
    output,
    size,
    signal: stop.signal,
  })
  return {
    game,
    input,
    ended,
    stop,
    get shown() {
      return shown
    },
    async until(text: string): Promise<void> {
      while (!shown.includes(text)) await new Promise<void>((resolve) => (wake = resolve))
      shown = shown.slice(shown.indexOf(text) + text.length)
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await ended
      await stage[Symbol.asyncDispose]()
    },
  }
}

test('a terminal completes names, remembers lines, and leaves the console by Ctrl-C', async () => {
  await using terminal = await openTerminal()
  const { input, game } = terminal
  await terminal.until('Test> ')
  // By itself: what is pasted completes nothing.
  input.write('cons')
  await terminal.until('s')
  input.write('\t')
  await terminal.until('ole ')
  input.write('\r')
  game.print('a line of the game')
  await terminal.until('a line of the game')
  input.write('list\r')
  await terminal.until('answer to list')
  expect(game.typed).toEqual(['list'])
  input.write('\u0003')
  await terminal.until('Test> ')
  input.write('half\u0003')
  input.write('send again\r')
  await expect.poll(() => game.typed).toEqual(['list', 'again'])
  input.write('\u001b[A\r')
  await expect.poll(() => game.typed).toEqual(['list', 'again', 'again'])
  input.write('\u0004')
  await terminal.ended
})

test('the end of a session ends whatever goes on', async () => {
  await using terminal = await openTerminal()
  await terminal.until('Test> ')
  terminal.input.write('console\r')
  terminal.game.print('x')
  await terminal.until('x')
  terminal.stop.abort()
  expect(await terminal.ended).toBe(130)
})

test('colours reach the terminal of whoever reads, and nothing else that it would obey', () => {
  expect(printable('\u001b[31mred\u001b[0m')).toBe('\u001b[31mred\u001b[0m\u001b[0m')
  expect(printable('\u001b]0;title\u0007a\u001b[2Jb\u001b[6nc\u001bcd\u009b31me\u0008\rf')).toBe('abcd31mef')
  expect(printable('\u001b]52;c;ZXZpbA==\u001b\\x\u001bP+q\u001b\\y')).toBe('xy')
})
