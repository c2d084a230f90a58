import type { OutputChunk, Runtime, RuntimeSpec, ServerId } from '../runtime/index.ts'
import { CONFORMANCE_PROGRAM } from './conformance-program.ts'
import { check, checkEqual, checkRejects, type TestRunner } from './runner.ts'

export interface RuntimeHarness extends AsyncDisposable {
  readonly runtime: Runtime
  /** Another instance on the same state, as an agent has it after its own restart; absent where state ends with the process. */
  readonly reopen?: () => Promise<Runtime>
  /** A spec that runs {@link CONFORMANCE_PROGRAM}, for a server that is not used by another test. */
  readonly spec: (overrides?: Partial<Pick<RuntimeSpec, 'environment' | 'startup'>>) => Promise<RuntimeSpec>
}

const DEADLINE_MS = 20_000

/** The whole promise of a `Runtime`: every driver, ours or a third party's, passes it. */
export function describeRuntime(runner: TestRunner, name: string, createHarness: () => Promise<RuntimeHarness>): void {
  const promise = (sentence: string, body: (harness: RuntimeHarness, spec: RuntimeSpec) => Promise<void>) =>
    runner.test(sentence, async () => {
      await using harness = await createHarness()
      const spec = await harness.spec()
      try {
        await body(harness, spec)
      } finally {
        await harness.runtime.remove(spec.server)
      }
    })

  runner.describe(`runtime ${name}`, () => {
    promise('answers a check, and says why installing is not possible exactly when it is not', async ({ runtime }) => {
      await runtime.check()
      checkEqual(
        runtime.installRefusal === null,
        runtime.capabilities.install,
        'a refusal and the capability exclude each other',
      )
    })

    promise('knows nothing of a server that was never created', async ({ runtime }, { server }) => {
      checkEqual(await runtime.inspect(server), null, 'inspect answers null')
      checkEqual(await runtime.stats(server), null, 'stats answers null')
      checkEqual((await runtime.list()).includes(server), false, 'it is not listed')
      await runtime.kill(server)
      await runtime.stop(server, { type: 'signal', signal: 'SIGTERM' })
      await runtime.remove(server)
      await checkRejects(runtime.stdin(server, 'x'), 'SERVER_NOT_RUNNING', 'input is refused')
    })

    promise('creates, starts, takes input, gives output and ends with the exit code', async ({ runtime }, spec) => {
      await runtime.create(spec)
      await runtime.create(spec)
      check((await runtime.list()).includes(spec.server), 'a created server is listed')
      checkEqual((await runtime.inspect(spec.server))?.isRunning, false, 'a created server does not run')
      await checkRejects(runtime.stdin(spec.server, 'x'), 'SERVER_NOT_RUNNING', 'input is refused before the start')

      await runtime.start(spec.server)
      await runtime.start(spec.server)
      const running = await runtime.inspect(spec.server)
      check(
        running?.isRunning && running.startedAt !== null && running.runKey !== null,
        'a started server runs and has a run key',
      )
      const output = new Lines(runtime, spec.server)
      await output.until('ready')
      await runtime.stdin(spec.server, 'hello world')
      await output.until('got hello world')
      await runtime.stdin(spec.server, 'exit 7')
      const exit = await within(runtime.waitForExit(spec.server))
      await output.end()
      checkEqual([exit.isRunning, exit.exitCode, exit.oomKilled], [false, 7, false], 'the exit code arrives')
      check(exit.finishedAt !== null && exit.finishedAt >= (exit.startedAt ?? 0), 'it ended after it started')
      checkEqual((await runtime.inspect(spec.server))?.runKey, running.runKey, 'the run key stays after the end')
      checkEqual(await runtime.stats(spec.server), null, 'nothing is measured after the end')
    })

    promise('refuses to replace a running server', async ({ runtime }, spec) => {
      await runtime.create(spec)
      await runtime.start(spec.server)
      await checkRejects(runtime.create(spec), 'SERVER_BUSY', 'create is refused')
      check((await runtime.inspect(spec.server))?.isRunning, 'it still runs')
      await runtime.kill(spec.server)
      await within(runtime.waitForExit(spec.server))
    })

    promise('hands over the environment and starts again with a changed one', async ({ runtime }, spec) => {
      for (const value of ['one', 'two words $HOME']) {
        await runtime.create({ ...spec, environment: { ...spec.environment, CONFORMANCE: value } })
        await runtime.start(spec.server)
        const output = new Lines(runtime, spec.server)
        await output.until('ready')
        await runtime.stdin(spec.server, 'env CONFORMANCE')
        await output.until(`env=${value}`)
        checkEqual(output.texts.filter((text) => text === 'ready').length, 1, 'output begins with the run')
        await runtime.stdin(spec.server, 'exit 0')
        await within(runtime.waitForExit(spec.server))
        await output.end()
      }
    })

    promise(
      'gives every line once, in order, with rising timestamps, and the last one without a line end',
      async ({ runtime }, spec) => {
        await runtime.create(spec)
        await runtime.start(spec.server)
        const output = new Lines(runtime, spec.server)
        await output.until('ready')
        await runtime.stdin(spec.server, 'burst 2000')
        await output.until('line 2000')
        await runtime.stdin(spec.server, 'tail')
        await within(runtime.waitForExit(spec.server))
        await output.end()
        const numbers = output.texts.filter((text) => text.startsWith('line ')).map((text) => Number(text.slice(5)))
        checkEqual(
          numbers,
          Array.from({ length: 2000 }, (_, index) => index + 1),
          'lines come complete and in order',
        )
        checkEqual(output.texts.at(-1), 'no line end', 'the unfinished last line arrives')
        const rising = output.chunks.every(
          (chunk, index, all) => index === 0 || BigInt(chunk.atNs) > BigInt(all[index - 1]!.atNs),
        )
        check(rising, 'timestamps rise')
        const matches = output.chunks.every((chunk) => chunk.at === Number(BigInt(chunk.atNs) / 1_000_000n))
        check(matches, 'at is atNs in milliseconds')
      },
    )

    promise('follows again from a timestamp, inclusive', async ({ runtime, reopen }, spec) => {
      await runtime.create(spec)
      await runtime.start(spec.server)
      const first = new Lines(runtime, spec.server)
      await first.until('ready')
      await runtime.stdin(spec.server, 'burst 50')
      await first.until('line 50')
      first.stop()
      const from = first.chunks.find((chunk) => chunk.text === 'line 20')!
      const later = (await reopen?.()) ?? runtime
      const second = new Lines(later, spec.server, from.atNs)
      await later.stdin(spec.server, 'after')
      await second.until('got after')
      checkEqual(second.chunks[0], from, 'the line of the timestamp comes first')
      const numbers = second.texts.filter((text) => text.startsWith('line ')).length
      checkEqual(numbers, 31, 'nothing is missing or doubled')
      await later.kill(spec.server)
      await within(later.waitForExit(spec.server))
      await second.end()
    })

    promise(
      'cuts long lines, replaces bytes that are no text, and shows a progress line as it ends',
      async ({ runtime }, spec) => {
        await runtime.create(spec)
        await runtime.start(spec.server)
        const output = new Lines(runtime, spec.server)
        await output.until('ready')
        for (const command of ['long', 'bytes', 'progress', 'end']) await runtime.stdin(spec.server, command)
        await output.until('got end')
        const longest = Math.max(...output.texts.map((text) => text.length))
        checkEqual(longest, 64 * 1024, 'a line ends at 64 KiB')
        check(
          output.texts.includes('a\uFFFDb'),
          `what is no UTF-8 is replaced (${JSON.stringify(output.texts.map((text) => text.slice(0, 50)))})`,
        )
        check(output.texts.includes('done'), 'a progress line is shown as it ends')
      },
    )

    promise('keeps running while nobody, or a reader that stalls, takes its output', async ({ runtime }, spec) => {
      await runtime.create(spec)
      await runtime.start(spec.server)
      const stalled = runtime.output(spec.server, {})[Symbol.asyncIterator]()
      await stalled.next()
      await runtime.stdin(spec.server, 'burst 20000')
      await runtime.stdin(spec.server, 'exit 3')
      checkEqual((await within(runtime.waitForExit(spec.server))).exitCode, 3, 'it comes to its end')
      await stalled.return?.()
    })

    for (const signal of ['SIGTERM', 'SIGINT']) {
      promise(`stops by ${signal}`, async ({ runtime }, spec) => {
        await runtime.create(spec)
        await runtime.start(spec.server)
        const output = new Lines(runtime, spec.server)
        await output.until('ready')
        await runtime.stop(spec.server, { type: 'signal', signal })
        checkEqual((await within(runtime.waitForExit(spec.server))).exitCode, 0, 'it ends as it wants')
        await output.end()
        check(output.texts.includes(`caught ${signal.slice(3)}`), 'the signal arrived')
      })
    }

    promise('lets a game within a longer startup line end as it wants', async ({ runtime }, spec) => {
      for (const startup of [
        `echo first; (\n${CONFORMANCE_PROGRAM}\n); echo never`,
        `while true; do (\n${CONFORMANCE_PROGRAM}\n); done`,
      ]) {
        await runtime.create({ ...spec, startup })
        await runtime.start(spec.server)
        const output = new Lines(runtime, spec.server)
        await output.until('ready')
        await runtime.stop(spec.server, { type: 'signal', signal: 'SIGTERM' })
        await within(runtime.waitForExit(spec.server))
        await output.end()
        check(output.texts.includes('caught TERM'), `the game heard the signal (${JSON.stringify(output.texts)})`)
        check(!output.texts.includes('never'), 'nothing of the line is run after it')
      }
    })

    promise('stops by a command, and in its own way', async ({ runtime }, spec) => {
      for (const method of [{ type: 'command', command: 'exit 0' }, { type: 'runtime' }] as const) {
        await runtime.create(spec)
        await runtime.start(spec.server)
        const output = new Lines(runtime, spec.server)
        await output.until('ready')
        await runtime.stop(spec.server, method)
        checkEqual((await within(runtime.waitForExit(spec.server))).exitCode, 0, `it ends by ${method.type}`)
        await output.end()
        await runtime.stop(spec.server, method)
      }
    })

    promise('kills, and starts again afterwards', async ({ runtime }, spec) => {
      await runtime.create(spec)
      const keys = new Set<string | null | undefined>()
      for (let round = 0; round < 2; round++) {
        await runtime.start(spec.server)
        keys.add((await runtime.inspect(spec.server))?.runKey)
        await runtime.kill(spec.server)
        const exit = await within(runtime.waitForExit(spec.server))
        checkEqual([exit.isRunning, exit.exitCode], [false, 137], 'a killed server ends with 137')
        await runtime.kill(spec.server)
      }
      checkEqual(keys.size, 2, 'each run has a key of its own')
    })

    promise('keeps the data directory over runs and over removal', async ({ runtime }, spec) => {
      for (const [command, answer] of [
        ['write', 'written'],
        ['read', 'kept'],
      ] as const) {
        await runtime.create(spec)
        await runtime.start(spec.server)
        const output = new Lines(runtime, spec.server)
        await output.until('ready')
        await runtime.stdin(spec.server, command)
        await output.until(answer)
        await runtime.kill(spec.server)
        await within(runtime.waitForExit(spec.server))
        await output.end()
        await runtime.remove(spec.server)
        checkEqual(await runtime.inspect(spec.server), null, 'a removed server is gone')
      }
    })

    promise('removes a running server', async ({ runtime }, spec) => {
      await runtime.create(spec)
      await runtime.start(spec.server)
      await runtime.remove(spec.server)
      checkEqual(await runtime.inspect(spec.server), null, 'it is gone')
      checkEqual((await runtime.list()).includes(spec.server), false, 'it is not listed')
    })

    promise('measures a running server', async ({ runtime }, spec) => {
      await runtime.create(spec)
      await runtime.start(spec.server)
      await new Lines(runtime, spec.server).until('ready')
      const stats = await runtime.stats(spec.server)
      check(
        stats && stats.memoryBytes > 0 && stats.pids > 0 && stats.cpuPercent >= 0 && stats.uptimeMs >= 0,
        'figures are there',
      )
      check(stats.cpuMs === null || stats.cpuMs >= 0, 'CPU time is counted, or said to be unknown')
      checkEqual(stats.runKey, (await runtime.inspect(spec.server))?.runKey, 'the figures are those of this run')
    })

    promise('ends its streams when they are cancelled', async ({ runtime }, spec) => {
      await runtime.create(spec)
      await runtime.start(spec.server)
      const output = new Lines(runtime, spec.server)
      await output.until('ready')
      output.stop()
      await output.end()
      const cancel = new AbortController()
      const waiting = runtime.waitForExit(spec.server, cancel.signal)
      cancel.abort()
      await checkRejects(within(waiting), 'CANCELLED', 'waiting is cancelled')
      check((await runtime.inspect(spec.server))?.isRunning, 'the server runs on')
    })

    promise(
      'lets servers run on when it is closed, and another instance finds them',
      async ({ runtime, reopen }, spec) => {
        if (!reopen) return
        await runtime.create(spec)
        await runtime.start(spec.server)
        const before = await runtime.inspect(spec.server)
        await new Lines(runtime, spec.server).until('ready')
        const next = await reopen()
        checkEqual(await next.inspect(spec.server), before, 'it sees the same run')
        const output = new Lines(next, spec.server)
        await next.stdin(spec.server, 'exit 5')
        checkEqual((await within(next.waitForExit(spec.server))).exitCode, 5, 'it gets the exit code')
        await output.end()
      },
    )

    promise('runs an install script, or refuses with a reason', async ({ runtime }, spec) => {
      const script = 'echo "value=$CONFORMANCE"\r\ncd /mnt/server\r\necho installed > installed.txt\r\nexit 4\r\n'
      const install = {
        ...spec,
        environment: { ...spec.environment, CONFORMANCE: 'set' },
        script: { image: spec.image, entrypoint: 'sh', script },
        deadlineMs: DEADLINE_MS,
      }
      const lines: string[] = []
      const running = runtime.install(install, (line) => lines.push(line))
      if (!runtime.capabilities.install) return checkRejects(running, 'INSTALL_NOT_ISOLATED', 'it is refused')
      checkEqual((await within(running)).exitCode, 4, 'the exit code of the script arrives')
      check(lines.includes('value=set'), `its output arrives (${JSON.stringify(lines)})`)

      const endless = { ...install, script: { ...install.script, script: 'echo waiting; sleep 1000' } }
      const cancel = new AbortController()
      const cancelled = runtime.install(endless, () => cancel.abort(), cancel.signal)
      await checkRejects(within(cancelled), 'CANCELLED', 'an install can be cancelled')
      const late = await within(runtime.install({ ...endless, deadlineMs: 300 }, () => undefined))
      check(late.exitCode !== 0, 'an install ends at its deadline')
    })
  })
}

/** Collects output in the background. */
class Lines {
  readonly chunks: OutputChunk[] = []
  readonly #abort = new AbortController()
  readonly #done: Promise<void>
  #wake: () => void = () => undefined

  constructor(runtime: Runtime, server: ServerId, sinceNs?: string) {
    this.#done = (async () => {
      for await (const chunk of runtime.output(server, sinceNs === undefined ? {} : { sinceNs }, this.#abort.signal)) {
        this.chunks.push(chunk)
        this.#wake()
      }
    })()
  }

  get texts(): string[] {
    return this.chunks.map((chunk) => chunk.text)
  }

  async until(text: string): Promise<void> {
    const arrived = (async () => {
      while (!this.texts.includes(text)) await new Promise<void>((resolve) => (this.#wake = resolve))
    })()
    const ended = this.#done.then(() =>
      check(
        this.texts.includes(text),
        `output ended without ${JSON.stringify(text)}: ${JSON.stringify(this.texts.slice(-5))}`,
      ),
    )
    await within(
      Promise.race([arrived, ended]),
      () => `${JSON.stringify(text)} did not come: ${JSON.stringify(this.texts.slice(-5))}`,
    )
  }

  stop(): void {
    this.#abort.abort()
  }

  end(): Promise<void> {
    return within(this.#done, () => 'the output did not end')
  }
}

async function within<T>(work: Promise<T>, complaint = () => 'a call did not return'): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Conformance: ${complaint()} within ${DEADLINE_MS} ms`)), DEADLINE_MS)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
