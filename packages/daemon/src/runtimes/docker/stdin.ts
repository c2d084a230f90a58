import type { Duplex } from 'node:stream'
import { AppError } from '@hatchery/core/errors'
import type { Engine } from './engine.ts'

/** A game that does not read its input holds back this much at most, then lines are refused. */
const MAX_WAITING_BYTES = 256 * 1024

interface Writer {
  /** Start of the run that it is attached to. */
  readonly run: string
  readonly stream: Duplex
}

/** Attachments to the standard input of containers, without output: a reader that stalls can never block a game (RULES 14). */
export class StdinWriters {
  readonly #engine: Engine
  readonly #writers = new Map<string, Promise<Writer>>()

  constructor(engine: Engine) {
    this.#engine = engine
  }

  async write(container: string, run: string, line: string, signal?: AbortSignal): Promise<void> {
    const text = `${singleLine(line)}\n`
    const { stream } = await this.#attached(container, run, signal)
    if (stream.writableLength > MAX_WAITING_BYTES) {
      throw new AppError('RUNTIME_FAILED', { runtime: 'docker', reason: 'the server does not read its standard input' })
    }
    stream.write(text)
  }

  close(): void {
    for (const writer of this.#writers.values())
      writer.then(
        ({ stream }) => stream.destroy(),
        () => undefined,
      ) // never attached
    this.#writers.clear()
  }

  async #attached(container: string, run: string, signal?: AbortSignal): Promise<Writer> {
    const current = await this.#writers.get(container)
    if (current?.run === run && current.stream.writable && !current.stream.destroyed) return current
    current?.stream.destroy()
    const attaching = this.#attach(container, run, signal)
    this.#writers.set(container, attaching)
    attaching.catch(() => this.#writers.delete(container))
    return attaching
  }

  async #attach(container: string, run: string, signal?: AbortSignal): Promise<Writer> {
    const stream = (await this.#engine.call(
      (docker) =>
        docker
          .getContainer(container)
          .attach({ stream: true, stdin: true, stdout: false, stderr: false, hijack: true }),
      signal,
    )) as Duplex
    const forget = () => {
      stream.destroy()
      void this.#writers.get(container)?.then((writer) => writer.stream === stream && this.#writers.delete(container))
    }
    stream.on('error', forget).on('close', forget).on('end', forget)
    stream.resume()
    return { run, stream }
  }
}

/** One line: line ends become spaces, and what a terminal would act on (^C, ^D, ^Z) is left out. */
export function singleLine(line: string): string {
  return (
    line
      .replace(/[\r\n]+/g, ' ')
      // oxlint-disable-next-line no-control-regex -- these are what is to be left out
      .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '')
  )
}
