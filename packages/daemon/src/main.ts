#!/usr/bin/env node
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { destination, pino, type Logger } from 'pino'
import { parseCliOptions, USAGE, type CliOptions } from './cli-options.ts'
import { createDaemon } from './create-daemon.ts'
import { machineParts } from './machine-parts.ts'

const SECRET_PATHS = ['secret', 'token', '*.secret', '*.token', 'err.config', 'err.options']

async function main(argv: readonly string[]): Promise<void> {
  let options: CliOptions | null
  try {
    options = parseCliOptions(argv)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\nTry hatchery-agent --help.\n`)
    process.exitCode = 2
    return
  }
  if (!options) return void process.stdout.write(USAGE)
  const log = pino({ level: options.logLevel, redact: { paths: SECRET_PATHS, censor: '[secret]' } }, destination(2))
  try {
    await run(options, log)
  } catch (error) {
    log.fatal({ err: error }, error instanceof Error ? error.message : 'the agent failed')
    process.exit(1)
  }
}

async function run(options: CliOptions, log: Logger): Promise<void> {
  const dataDirectory = resolve(options.dataDirectory)
  const { panelUrl } = options
  const daemon = await createDaemon({
    dataDirectory,
    ...(panelUrl === undefined ? {} : { panelUrl }),
    enrolmentToken: () => readToken(options),
    reEnrol: options.isReEnrolling,
    confirmMove: options.confirmsMove,
    stopTimeoutMs: options.stopTimeoutMs,
    subnetRange: options.subnetRange,
    web: options.web,
    ...(options.direct && { direct: options.direct }),
    ssh: options.ssh,
    log,
    parts: (installation, state) => machineParts({ ...options, dataDirectory }, log, installation, state),
  })
  stopOnSignal(() => daemon.stop(), log)
  const { node } = await daemon.start()
  if (!options.isReadyJson) return
  await daemon.connected()
  process.stdout.write(`${JSON.stringify({ ready: true, node, pid: process.pid })}\n`)
}

async function readToken({ tokenFile, readsTokenFromStdin }: CliOptions): Promise<string | null> {
  if (tokenFile !== undefined) return readFile(tokenFile, 'utf8')
  if (readsTokenFromStdin) return text(process.stdin)
  return process.env['HATCHERY_ENROL_TOKEN'] ?? null
}

function stopOnSignal(stop: () => Promise<void>, log: Logger): void {
  let isStopping = false
  const onSignal = (signal: NodeJS.Signals) => {
    if (isStopping) process.exit(1)
    isStopping = true
    log.info({ signal }, 'stopping')
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.fatal({ err: error }, 'stopping failed')
        process.exit(1)
      },
    )
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
}

await main(process.argv.slice(2))
