import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNest, importEgg } from '@hatchery/core/api'
import { TEST_EGG } from '../nodes/test-node.ts'
import { createWingsStage, freePort, ORIGIN, type WingsNodeStage } from './test-wings.ts'

export const WINGS_MODULE = 'github.com/pterodactyl/wings@v1.11.13'
const IMAGE = 'hatchery.test/wings-echo:1'
const INSTALL_MS = 300_000

/** The unmodified program, or why there is none. */
export type WingsProgram = { readonly path: string } | { readonly missing: string }

/** Takes the binary that `HATCHERY_TEST_WINGS` names, or lets Go build one. */
export function findWingsProgram(environment: NodeJS.ProcessEnv): WingsProgram {
  const named = environment['HATCHERY_TEST_WINGS']
  if (named !== undefined) return existsSync(named) ? { path: named } : { missing: `${named} does not exist` }
  if (process.getuid?.() !== 0) return { missing: 'not root' }
  if (spawnSync('docker', ['info']).status !== 0) return { missing: 'no Docker' }
  if (spawnSync('go', ['version']).status !== 0) return { missing: 'no go' }
  const directory = join(tmpdir(), 'hatchery-wings-program')
  const path = join(directory, 'wings')
  if (existsSync(path)) return { path }
  const build = spawnSync('go', ['install', WINGS_MODULE], {
    env: { ...environment, GOBIN: directory },
    encoding: 'utf8',
    timeout: INSTALL_MS,
  })
  if (build.status === 0 && existsSync(path)) return { path }
  const reason = build.stderr
    .replaceAll(/https?:\S+/g, '')
    .trim()
    .split('\n')
  return { missing: `go install ${WINGS_MODULE} failed: ${reason.at(-1)?.trim() ?? 'no reason given'}` }
}

export interface RealWingsStage extends WingsNodeStage, AsyncDisposable {
  /** Columns of a server that this machine can run. */
  readonly values: Readonly<Record<string, unknown>>
  /** Ends the program. */
  stop(): Promise<void>
}

/** A panel and an unmodified Wings on loopback, with directories, user and network of its own. */
export async function createRealWingsStage(program: string): Promise<RealWingsStage> {
  makeImage()
  const port = await freePort()
  const stage = await createWingsStage(port)
  const directory = await mkdtemp(join(tmpdir(), 'hatchery-wings-'))
  const name = `hatchery_wings_${process.pid}`
  const config = join(directory, 'config.yml')
  await mkdir(join(directory, 'log'))
  await writeFile(config, JSON.stringify(configuration(stage, { directory, name, port, sftp: await freePort() })))
  const log = join(directory, 'output.log')
  // The program of a shell appends the output to a file that outlives it.
  const child = spawn('sh', ['-c', 'exec "$0" --config "$1" >"$2" 2>&1', program, config, log])
  const cleanUp = async () => {
    await end(child)
    await stage.panel[Symbol.asyncDispose]()
    removeContainers(name)
    spawnSync('userdel', ['-r', USER])
    await rm(directory, { recursive: true, force: true })
  }
  try {
    await stage.connect()
    return {
      ...stage,
      values: await serverValues(stage),
      stop: () => end(child),
      [Symbol.asyncDispose]: cleanUp,
    }
  } catch (error) {
    const output = existsSync(log) ? (await readFile(log, 'utf8')).slice(-4000) : 'no output'
    await cleanUp()
    throw new Error(`Wings did not start: ${output}`, { cause: error })
  }
}

const USER = 'hatchery-wings'

interface Places {
  readonly directory: string
  readonly name: string
  readonly port: number
  readonly sftp: number
}

/** JSON is YAML. */
function configuration({ nodeUuid, options }: WingsNodeStage, { directory, name, port, sftp }: Places) {
  const at = (part: string) => join(directory, part)
  return {
    debug: false,
    uuid: nodeUuid,
    token_id: options.tokenId,
    token: options.token,
    api: { host: '127.0.0.1', port, ssl: { enabled: false }, upload_limit: 100 },
    system: {
      root_directory: at('root'),
      log_directory: at('log'),
      data: at('volumes'),
      archive_directory: at('archives'),
      backup_directory: at('backups'),
      tmp_directory: at('tmp'),
      username: USER,
      enable_log_rotate: false,
      sftp: { bind_address: '127.0.0.1', bind_port: sftp },
      crash_detection: { enabled: true, detect_clean_exit_as_crash: false, timeout: 60 },
    },
    docker: {
      network: {
        name,
        network_mode: name,
        interface: '172.31.250.1',
        interfaces: {
          v4: { subnet: '172.31.250.0/24', gateway: '172.31.250.1' },
          v6: { subnet: 'fdba:17c8:6c95::/64', gateway: 'fdba:17c8:6c95::1' },
        },
      },
    },
    allowed_mounts: [],
    allowed_origins: [ORIGIN],
    remote: options.remote,
  }
}

const PROGRAM =
  'echo ready; while read -r line; do case "$line" in quit) exit 0;; crash) exit 3;; *) echo "got $line";; esac; done'

async function serverValues({ panel, client }: WingsNodeStage): Promise<Record<string, unknown>> {
  const headers = { origin: ORIGIN }
  const nest = await client.call(createNest, { headers, body: { name: 'Wings' } })
  const text = TEST_EGG.replace('ghcr.io/example/installer:1', IMAGE)
  const egg = await client.call(importEgg, { headers, body: { nest: nest.body.id, text } })
  const { id } = await panel.ctx.db
    .selectFrom('eggs')
    .select('id')
    .where('uuid', '=', egg.body.id)
    .executeTakeFirstOrThrow()
  return { egg_id: id, image: IMAGE, startup: PROGRAM, memory_mib: 128, cpu_percent: 0 }
}

/** The busybox image with an entrypoint that runs `STARTUP`, as the images of eggs have it. */
export function makeImage(): void {
  if (spawnSync('docker', ['image', 'inspect', IMAGE]).status === 0) return
  const script = join(import.meta.dirname, '../../../../test/images/build.sh')
  const command = JSON.stringify(['sh', '-c', 'eval "$(echo "$STARTUP" | sed -e "s/{{/\\${/g" -e "s/}}/}/g")"'])
  const made = spawnSync(
    'sh',
    [
      '-ec',
      '"$0" busybox; id=$(docker create hatchery.test/busybox:1 sh); docker export "$id" | docker import --change "ENV PATH=/bin" --change "WORKDIR /home/container" --change "CMD $1" - "$2"; docker rm "$id"',
      script,
      command,
      IMAGE,
    ],
    { encoding: 'utf8' },
  )
  if (made.status !== 0) throw new Error(`The image could not be made: ${made.stderr}`)
}

function removeContainers(network: string): void {
  const found = spawnSync('docker', ['ps', '-aq', '--filter', `network=${network}`], { encoding: 'utf8' })
  const ids = found.stdout.split('\n').filter((id) => id !== '')
  if (ids.length > 0) spawnSync('docker', ['rm', '-f', ...ids])
  spawnSync('docker', ['network', 'rm', network])
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
