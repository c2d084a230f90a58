import { createInterface, type Interface } from 'node:readline'
import { Transform, type Readable, type Writable } from 'node:stream'
import { SHELL_COMMANDS, sayError, type ShellContext } from './shell-commands.ts'
import type { ShellServer } from './shell-server.ts'

export interface ShellOptions extends Pick<
  ShellContext,
  'files' | 'permissions' | 'ownerName' | 'now' | 'pause' | 'onDone'
> {
  readonly server: ShellServer
  readonly input: Readable
  readonly output: Writable
  /** Of the terminal at the other end, in characters; null where there is none: nothing is edited or echoed then. */
  readonly size: TerminalSize | null
  /** Fires when the session ends. */
  readonly signal: AbortSignal
  /** What is no refusal but a fault of ours. */
  readonly onFault: (error: unknown) => void
}

/** It may change while the shell runs; `onChange` is set by the shell. */
export interface TerminalSize {
  columns: number
  rows: number
  onChange?: () => void
}

const HISTORY_LINES = 200
const MAX_LINE = 8_192

/** Runs one command. @returns its exit code */
export async function runCommand(options: ShellOptions, line: string): Promise<number> {
  const terminal = new Terminal(options)
  return execute(options, terminal, line, options.signal)
}

/** A small shell for one server, over two streams: an SSH channel, or a terminal in a browser. @returns the exit code */
export async function runShell(options: ShellOptions): Promise<number> {
  const terminal = new Terminal(options)
  const { server, size, signal } = options
  if (size) await terminal.write(`${server.name} is ${server.state}. Type "help" for what can be done here.\n`)
  const readline = terminal.open(`${server.name}> `)
  let code = 0
  try {
    for await (const line of terminal.lines(readline)) {
      if (signal.aborted || line.trim() === 'exit' || line.trim() === 'quit') break
      if (line.trim() !== '') {
        code = await terminal.interruptible(readline, (stop) => execute(options, terminal, line, stop))
      }
      if (signal.aborted) break
      if (size) readline.prompt()
    }
  } finally {
    readline.close()
  }
  return code
}

async function execute(options: ShellOptions, terminal: Terminal, line: string, signal: AbortSignal): Promise<number> {
  const [, name = '', argument = ''] = /^\s*(\S+)\s*([^]*?)\s*$/.exec(line) ?? []
  const command = Object.hasOwn(SHELL_COMMANDS, name) ? SHELL_COMMANDS[name] : undefined
  if (!command) {
    await terminal.write(`There is no command "${printableName(name)}" here. Type "help" for those there are.\n`)
    return 127
  }
  try {
    const ctx: ShellContext = {
      ...options,
      write: (text) => terminal.write(text),
      writeBytes: (bytes) => terminal.writeBytes(bytes),
      redirect: (take) => (terminal.taker = take),
    }
    await command.run(ctx, argument, signal)
    return signal.aborted ? 130 : 0
  } catch (error) {
    if (signal.aborted) return 130
    const text = sayError(error)
    if (!(error instanceof Error && 'code' in error)) options.onFault(error)
    await terminal.write(`${text}\n`)
    return 1
  }
}

function printableName(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}\p{P}\p{S}]/gu, '?').slice(0, 64)
}

/** The streams of a shell: lines in, text out, and Ctrl-C between them. */
class Terminal {
  readonly #options: ShellOptions
  /** Takes what is typed while a command runs. */
  taker: ((line: string) => void) | null = null
  /** Ends the command under way. */
  #stop: (() => void) | null = null

  constructor(options: ShellOptions) {
    this.#options = options
  }

  write(text: string): Promise<void> {
    return this.writeBytes(Buffer.from(this.#options.size ? text.replaceAll('\n', '\r\n') : text))
  }

  /** Settles when the other end keeps up, or is gone. */
  async writeBytes(bytes: Uint8Array): Promise<void> {
    const { output, signal } = this.#options
    if (signal.aborted || output.destroyed || output.writableEnded || bytes.length === 0) return
    if (output.write(bytes)) return
    await new Promise<void>((resolve) => {
      const done = () => {
        output.off('drain', done)
        output.off('close', done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      output.on('drain', done)
      output.on('close', done)
      signal.addEventListener('abort', done)
    })
  }

  open(prompt: string): Interface {
    const { input, output, size, signal } = this.#options
    const readline = createInterface({
      input: input.pipe(shortLines()),
      output: this.#screen(output, size),
      terminal: size !== null,
      prompt,
      historySize: HISTORY_LINES,
      removeHistoryDuplicates: true,
      completer: complete,
      ...(size && { crlfDelay: Infinity }),
    })
    signal.addEventListener('abort', () => readline.close(), { once: true })
    readline.on('SIGINT', () => {
      if (this.#stop) return this.#stop()
      readline.write(null, { ctrl: true, name: 'e' })
      readline.write(null, { ctrl: true, name: 'u' })
      readline.prompt()
    })
    if (size) readline.prompt()
    return readline
  }

  /** Lines one after the other; those that a running command takes are none of them. */
  async *lines(readline: Interface): AsyncGenerator<string, void, undefined> {
    const waiting: string[] = []
    let isClosed = false
    let wake: () => void = () => undefined
    readline.on('line', (line: string) => {
      if (this.taker) return this.taker(line)
      waiting.push(line)
      wake()
    })
    readline.on('close', () => {
      isClosed = true
      wake()
    })
    for (;;) {
      const line = waiting.shift()
      if (line !== undefined) yield line
      else if (isClosed) return
      else await new Promise<void>((resolve) => (wake = resolve))
    }
  }

  /** Ctrl-C ends the work, and at the prompt what is typed. So does the end of the session. */
  async interruptible<T>(readline: Interface, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const stop = new AbortController()
    this.#stop = () => {
      stop.abort()
      void this.write('^C\n')
    }
    // Nobody is left who could end what goes on without end.
    const onClose = () => {
      if (this.taker !== null || this.#options.size) stop.abort()
    }
    readline.on('close', onClose)
    try {
      return await work(AbortSignal.any([stop.signal, this.#options.signal]))
    } finally {
      readline.off('close', onClose)
      this.#stop = null
    }
  }

  /** What `readline` draws on: it asks for the width, and is told when that changes. */
  #screen(output: Writable, size: TerminalSize | null): Writable {
    const screen = new Transform({ transform: (chunk: Buffer, _encoding, done) => done(null, chunk) })
    screen.on('data', (chunk: Buffer) => void (output.writable && output.write(chunk)))
    if (size) {
      Object.defineProperty(screen, 'columns', { get: () => size.columns })
      Object.defineProperty(screen, 'rows', { get: () => size.rows })
      size.onChange = () => void screen.emit('resize')
    }
    return screen
  }
}

/** Nobody types lines without end; a program that does is cut off. */
function shortLines(): Transform {
  let length = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const last = Math.max(chunk.lastIndexOf(10), chunk.lastIndexOf(13))
      length = last < 0 ? length + chunk.length : chunk.length - last - 1
      if (length > MAX_LINE) return (this.push(null), done())
      done(null, chunk)
    },
  })
}

function complete(line: string): [string[], string] {
  const names = [...Object.keys(SHELL_COMMANDS), 'exit']
  const fitting = names.filter((name) => name.startsWith(line)).map((name) => `${name} `)
  return [fitting.length > 0 ? fitting : [], line]
}
